// How two vectors are compared, by search and top-k alike.
//
//   ip:      s = <q, b>                               larger is better
//   l2:      s = ||q - b||^2 (squared, as FAISS)      smaller is better
//   cosine:  s = <q, b> / (||q|| ||b||), 0 if either is a zero row    larger is better
//
// A metric is its traits: the rest of the code asks for these and compares no metric with another. A new one needs a
// name, here and in src/native/metrics.ts, and traits; and kernels only if it sums other terms than these.
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
  bool divides_by_norms;  // the sum is divided by both norms, so only directions count
};

UNIVAR_HD constexpr MetricTraits TraitsOf(Metric metric) {
  switch (metric) {
    case Metric::kIp: return {.larger_is_better = true, .sums_differences = false, .divides_by_norms = false};
    case Metric::kL2: return {.larger_is_better = false, .sums_differences = true, .divides_by_norms = false};
    case Metric::kCosine: return {.larger_is_better = true, .sums_differences = false, .divides_by_norms = true};
  }
  UNIVAR_UNREACHABLE();
}

// Keys rank rows: of two, the larger belongs to the better row, whatever the metric.
template <typename T>
UNIVAR_HD T KeyOfScore(const MetricTraits& metric, T score) {
  return metric.larger_is_better ? score : -score;
}
template <typename T>
UNIVAR_HD T ScoreOfKey(const MetricTraits& metric, T key) {
  return metric.larger_is_better ? key : -key;
}

// Scores times this are distances, of which the smaller belongs to the better row.
constexpr float DistanceSign(const MetricTraits& metric) { return metric.larger_is_better ? -1.0f : 1.0f; }

constexpr bool IsBetter(const MetricTraits& metric, float a, float b) {
  return metric.larger_is_better ? a > b : a < b;
}

// The key of a pair whose terms add up to `sum`. `norms`, the product of both norms, counts only if they divide.
UNIVAR_HD double KeyOfSum(const MetricTraits& metric, double sum, double norms) {
  if (metric.divides_by_norms) return norms > 0.0 ? sum / norms : 0.0;
  return KeyOfScore(metric, sum);
}

}  // namespace univar
