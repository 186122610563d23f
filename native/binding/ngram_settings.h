// The settings of n-gram features, as several entry points take them.
#pragma once

#include <vector>

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

// Reads an array of them.
inline std::vector<NgramSettings> NgramGroupsOf(const Napi::Value& value, const char* name) {
  if (!value.IsArray()) ThrowExpected(value.Env(), "an array", name);
  const Napi::Array array = value.As<Napi::Array>();
  std::vector<NgramSettings> groups;
  for (uint32_t i = 0; i < array.Length(); ++i) groups.push_back(NgramSettingsIn(Options(array.Get(i), name)));
  return groups;
}

}  // namespace univar
