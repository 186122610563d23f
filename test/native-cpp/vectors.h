// Vectors for tests: random numbers, and the error of results relative to references.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "check.h"

namespace check {

inline std::vector<float> Vector(size_t n, uint64_t seed, double scale = 1.0, double offset = 0.0) {
  Random random(seed);
  std::vector<float> x(n);
  for (float& value : x) value = static_cast<float>(offset + scale * random.Uniform());
  return x;
}

// Returns the largest |actual - expected| / (|expected| + floor), or infinity if a result is NaN or has another size.
inline double RelativeError(const std::vector<float>& actual, const std::vector<double>& expected, double floor) {
  if (actual.size() != expected.size()) return INFINITY;
  double largest = 0.0;
  for (size_t i = 0; i < actual.size(); ++i) {
    const double gap = std::fabs(actual[i] - expected[i]);
    const double error = gap == 0.0 ? 0.0 : gap / (std::fabs(expected[i]) + floor);
    largest = error <= largest ? largest : std::isnan(error) ? INFINITY : error;
  }
  return largest;
}

inline std::string Size(size_t rows, size_t cols) { return std::to_string(rows) + " x " + std::to_string(cols); }

}  // namespace check
