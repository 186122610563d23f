// Conversion between our metrics and those of FAISS.
#pragma once

#include <faiss/MetricType.h>

#include <optional>

#include "ops/metric.h"

namespace univar {

// Returns null for cosine, which FAISS does not have: normalise the rows and use ip instead.
inline std::optional<faiss::MetricType> ToFaiss(Metric metric) {
  switch (metric) {
    case Metric::kIp: return faiss::METRIC_INNER_PRODUCT;
    case Metric::kL2: return faiss::METRIC_L2;
    case Metric::kCosine: return std::nullopt;
  }
  UNIVAR_UNREACHABLE();
}

// Returns null for a number that is not one of our metrics, such as an unknown number in a file.
inline std::optional<Metric> FromFaiss(int type) {
  for (const Named<Metric>& known : Names<Metric>::kAll) {
    if (ToFaiss(known.value) == type) return known.value;
  }
  return std::nullopt;
}

// For an index that this package created or checked, so its metric is known.
inline MetricTraits TraitsOf(faiss::MetricType type) { return TraitsOf(*FromFaiss(type)); }

}  // namespace univar
