// Distances between one query and rows anywhere in memory. An index computes them when it walks a graph or scans a
// list.
//
//   products:     out[i] = sum_j query[j] row_i[j]
//   differences:  out[i] = sum_j (query[j] - scale[j] row_i[j])^2,   if the metric sums them (ops/metric.h)
//
// query, scale: [dim] float32; row_i: [dim] of the row type. `scale` is only for differences of kU8; otherwise it is
// null and counts as 1. An affine 8-bit code offset_j + scale_j c_j is compared without decoding. For this, the caller
// subtracts the offset from the query (differences) or multiplies the query by the scale (products).
//
// Sums are float32. The value of a pair does not depend on the other rows of the call or on which of the two is the
// query. Rows are prefetched, so pass many rows per call.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/metric.h"

namespace univar {

enum class RowType { kF32, kF16, kBf16, kU8 };

using RowDistanceFn = void (*)(const float* query, const float* scale, const uint8_t* const* rows, size_t count,
                               size_t dim, float* out);

// Returns the kernel for the instruction set in use. Call it once per query, not once per row.
RowDistanceFn row_distance_cpu(const MetricTraits& metric, RowType type);

// Computes out[i] = sum_j query[j] row_i[j] of bfloat16 operands on the bf16 units of the CPU, if it has any. Sums are
// float32. For walks, which need only approximate distances.
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

// Returns the index of the first row of `x` ([rows, cols]) with a NaN or a number above `limit` in magnitude, or
// `rows`.
size_t first_row_beyond_cpu(const float* x, size_t rows, size_t cols, float limit);

}  // namespace univar
