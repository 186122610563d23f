// Distances between one query and rows that lie anywhere in memory; what an index computes when it walks a graph or
// scans a list.
//
//   ip:  out[i] = sum_j query[j] row_i[j]
//   l2:  out[i] = sum_j (query[j] - scale[j] row_i[j])^2
//
// query, scale: [dim] float32; row_i: [dim] of the row type. `scale` belongs to kU8 with l2 only (elsewhere it is null
// and counts as 1); an affine 8-bit code offset_j + scale_j c_j is thus compared without decoding it, once the offset
// is subtracted from the query (l2) or the scale is multiplied into it (ip).
//
// Sums run in float32. The value of a pair depends neither on the other rows of the call nor on which of the two is the
// query. Rows are prefetched ahead, so pass many at once.
#pragma once

#include <cstddef>
#include <cstdint>

namespace univar {

enum class Distance { kInnerProduct, kSquaredL2 };
enum class RowType { kF32, kF16, kBf16, kU8 };

using RowDistanceFn = void (*)(const float* query, const float* scale, const uint8_t* const* rows, size_t count,
                               size_t dim, float* out);

// The kernel for the best instruction set in use. Look it up once per query, not once per row.
RowDistanceFn row_distance_cpu(Distance distance, RowType type);

// out[i] = sum_j query[j] row_i[j] where both sides are bfloat16, on the units that the CPU has for it; sums run in
// float32. For walks that only need to know what is near.
using Bf16DotFn = void (*)(const uint16_t* query, const uint16_t* const* rows, size_t count, size_t dim, float* out);
Bf16DotFn bf16_dot_cpu();

inline size_t RowBytes(RowType type, size_t dim) {
  return type == RowType::kF32 ? 4 * dim : type == RowType::kU8 ? dim : 2 * dim;
}

// Index of the first row of `x` ([rows, cols]) that holds a NaN or a number above `limit` in magnitude, or `rows`.
size_t first_row_beyond_cpu(const float* x, size_t rows, size_t cols, float limit);

}  // namespace univar
