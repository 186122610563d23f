// Products of a query and 8-bit codes in integers, which takes half the time of products in float32.
//
//   sum_j query[j] c_j  is about  step * sum_j whole[j] c_j    with whole[j] = round(query[j] / step) in 16 bits
//
// The sums are exact, so every instruction set gives the same values. The rounding of the query changes a product much
// less than the rounding of the codes does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace univar {

// The query in whole steps. Its memory is reused.
struct WholeQuery {
  std::vector<int16_t> whole;  // [dim], and zeros up to a multiple of kCodeProductLanes
  float step = 0.0f;

  // Returns false if sums could overflow because the dimension is above 1,024, or if the entries are too small.
  bool Round(const float* query, size_t dim);
};

inline constexpr size_t kCodeProductLanes = 64;

using CodeProductsFn = void (*)(const WholeQuery& query, const uint8_t* const* rows, size_t count, size_t dim,
                                float* out);

// Returns the kernel for the instruction set in use. It writes out[i] = step * sum_j whole[j] rows[i][j] and prefetches
// rows, so pass many per call.
CodeProductsFn code_products_cpu();

}  // namespace univar
