// The exact scores of ops/topk.h: double-precision sums in the order defined there.
#pragma once

#include <cstddef>

namespace univar {

// `q` contains the query's entries as doubles.
double exact_dot(const double* q, const float* b, size_t n);
double exact_squared_distance(const double* q, const float* b, size_t n);
// Returns the dot product of a row with itself, summed in the same order.
double exact_squared_norm(const float* b, size_t n);

}  // namespace univar
