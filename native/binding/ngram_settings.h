// The settings of n-gram features, as several entry points take them.
#pragma once

#include "binding/args.h"
#include "ngrams/features.h"

namespace univar {

// Reads { kind, orders, limit }.
inline NgramSettings NgramSettingsIn(const Options& given) {
  const NgramSettings settings{
      .kind = given.Enum<NgramKind>("kind"), .orders = given.Size("orders"), .limit = given.Size("limit")};
  if (settings.orders < 1 || settings.orders > kMaxNgramOrders) ThrowExpected(given.Env(), "1 to 4", "orders");
  return settings;
}

}  // namespace univar
