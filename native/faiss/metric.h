// Metrics as FAISS numbers them.
#pragma once

#include <faiss/MetricType.h>

#include <optional>

#include "ops/metric.h"

namespace univar {

// Null for cosine, which FAISS lacks: normalise the rows and use ip.
inline std::optional<faiss::MetricType> ToFaiss(Metric metric) {
  switch (metric) {
    case Metric::kIp: return faiss::METRIC_INNER_PRODUCT;
    case Metric::kL2: return faiss::METRIC_L2;
    case Metric::kCosine: return std::nullopt;
  }
  UNIVAR_UNREACHABLE();
}

// Null for a number that is no metric of ours, as may stand in a file.
inline std::optional<Metric> FromFaiss(int type) {
  for (const Named<Metric>& known : Names<Metric>::kAll) {
    if (ToFaiss(known.value) == type) return known.value;
  }
  return std::nullopt;
}

// Of an index that we made or checked, so that its metric is known.
inline MetricTraits TraitsOf(faiss::MetricType type) { return TraitsOf(*FromFaiss(type)); }

}  // namespace univar
