// The exact scores of ops/topk.h: double-precision sums in the one order that is defined there.
#pragma once

#include <cstddef>

namespace univar {

// `q` holds the query's entries as doubles.
double exact_dot(const double* q, const float* b, size_t n);
double exact_squared_distance(const double* q, const float* b, size_t n);
// The dot product of a row with itself, in the same order.
double exact_squared_norm(const float* b, size_t n);

}  // namespace univar
