// The element-wise parts of affine maps (linear.cc): quantisation of rows and back, sums of columns, widening of bfloat16.
// All run on the whole team.
#pragma once

#include <cstddef>
#include <cstdint>

namespace univar {

// q = round(x / step) with step = largest magnitude of the row / 127, row by row; a row of zeros has step 0. One of q8 and
// q32 receives the whole numbers, as bytes or as floats.
void quantize_rows_cpu(const float* x, size_t rows, size_t cols, int8_t* q8, float* q32, float* steps);

struct DequantizeArgs {
  float* y = nullptr;  // [rows, cols], in: sums of products of whole numbers; out: y * row step * column step + bias + addend
  size_t rows = 0, cols = 0;
  const float* row_steps = nullptr;
  const float* column_steps = nullptr;
  const float* bias = nullptr;    // [cols] or null
  const float* addend = nullptr;  // [rows, cols] or null
};
void dequantize_cpu(const DequantizeArgs& args);

// sums[j] += sum_i x[i, j], in an order that does not depend on threads. partial: kSumBlocks * cols floats.
inline constexpr size_t kSumBlocks = 16;
void add_column_sums_cpu(const float* x, size_t rows, size_t cols, float* sums, float* partial);

void bf16_to_float_cpu(const uint16_t* x, float* y, size_t n);

}  // namespace univar
