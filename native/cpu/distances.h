// Distances between one query and rows that lie anywhere in memory; what an index computes when it walks a graph or
// scans a list.
//
//   products:     out[i] = sum_j query[j] row_i[j]
//   differences:  out[i] = sum_j (query[j] - scale[j] row_i[j])^2,   if the metric sums them (ops/metric.h)
//
// query, scale: [dim] float32; row_i: [dim] of the row type. `scale` belongs to differences of kU8 only; otherwise it
// is null and counts as 1. An affine 8-bit code offset_j + scale_j c_j is thus compared without decoding it, if the
// offset has been subtracted from the query (differences) or the scale multiplied into it (products).
//
// Sums run in float32. The value of a pair depends neither on the other rows of the call nor on which of the two is the
// query. Rows are prefetched ahead, so pass many at once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/metric.h"

namespace univar {

enum class RowType { kF32, kF16, kBf16, kU8 };

using RowDistanceFn = void (*)(const float* query, const float* scale, const uint8_t* const* rows, size_t count,
                               size_t dim, float* out);

// The kernel for the best instruction set in use. Look it up once per query, not once per row.
RowDistanceFn row_distance_cpu(const MetricTraits& metric, RowType type);

// out[i] = sum_j query[j] row_i[j] where both sides are bfloat16, on the units that the CPU has for it; sums run in
// float32. For walks that only need to know what is near.
using Bf16DotFn = void (*)(const uint16_t* query, const uint16_t* const* rows, size_t count, size_t dim, float* out);
Bf16DotFn bf16_dot_cpu();

inline size_t RowBytes(RowType type, size_t dim) {
  switch (type) {
    case RowType::kF32: return sizeof(float) * dim;
    case RowType::kF16:
    case RowType::kBf16: return sizeof(uint16_t) * dim;
    case RowType::kU8: return dim;
  }
  UNIVAR_UNREACHABLE();
}

// Index of the first row of `x` ([rows, cols]) that holds a NaN or a number above `limit` in magnitude, or `rows`.
size_t first_row_beyond_cpu(const float* x, size_t rows, size_t cols, float limit);

}  // namespace univar
