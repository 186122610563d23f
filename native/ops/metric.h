// Metrics that compare two vectors, shared by the vector index and exact top-k.
//
//   ip:      s = <q, b>                               larger is better
//   l2:      s = ||q - b||^2 (squared, as in FAISS)   smaller is better
//   cosine:  s = <q, b> / (||q|| ||b||), 0 if either is a zero row    larger is better
//
// The rest of the code depends on the traits of a metric, not on the metric itself. A new metric needs traits and a
// name, both here and in src/native/metrics.ts. It needs new kernels only if it sums different terms.
#pragma once

#include "core/compiler.h"
#include "core/names.h"

namespace univar {

enum class Metric { kIp, kL2, kCosine };

template <>
struct Names<Metric> {
  static constexpr Named<Metric> kAll[] = {{Metric::kIp, "ip"}, {Metric::kL2, "l2"}, {Metric::kCosine, "cosine"}};
};

struct MetricTraits {
  bool larger_is_better;
  bool sums_differences;  // the terms of the score's sum are (q_t - b_t)^2; otherwise q_t b_t
  bool divides_by_norms;  // the sum is divided by both norms, so only directions matter
};

UNIVAR_HD constexpr MetricTraits TraitsOf(Metric metric) {
  switch (metric) {
    case Metric::kIp: return {.larger_is_better = true, .sums_differences = false, .divides_by_norms = false};
    case Metric::kL2: return {.larger_is_better = false, .sums_differences = true, .divides_by_norms = false};
    case Metric::kCosine: return {.larger_is_better = true, .sums_differences = false, .divides_by_norms = true};
  }
  UNIVAR_UNREACHABLE();
}

// Keys rank rows: the better row has the larger key, for every metric.
template <typename T>
UNIVAR_HD T KeyOfScore(const MetricTraits& metric, T score) {
  return metric.larger_is_better ? score : -score;
}
template <typename T>
UNIVAR_HD T ScoreOfKey(const MetricTraits& metric, T key) {
  return metric.larger_is_better ? key : -key;
}

// Factor that turns scores into distances: the better row has the smaller distance.
constexpr float DistanceSign(const MetricTraits& metric) { return metric.larger_is_better ? -1.0f : 1.0f; }

constexpr bool IsBetter(const MetricTraits& metric, float a, float b) {
  return metric.larger_is_better ? a > b : a < b;
}

// Returns the key of a pair whose terms add up to `sum`. `norms` is the product of both norms; it matters only if the
// metric divides by the norms.
UNIVAR_HD double KeyOfSum(const MetricTraits& metric, double sum, double norms) {
  if (metric.divides_by_norms) return norms > 0.0 ? sum / norms : 0.0;
  return KeyOfScore(metric, sum);
}

}  // namespace univar
