// The element-wise parts of affine maps (linear.cc): quantisation and dequantisation of rows, column sums, and widening
// of bfloat16. All of them use all threads of the team.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/activation.h"

namespace univar {

// Quantised floats, stored as bytes (for integer units) or as floats. One of the two is set.
struct WholeNumbers {
  uint8_t* bytes = nullptr;  // int8_t for weights
  float* floats = nullptr;
};

// q = round(w / step) in -127 .. 127 with step = largest magnitude of the row / 127. `sums` receives the sum of each
// row of q.
void quantize_weights_cpu(const float* w, size_t rows, size_t cols, WholeNumbers q, float* steps, float* sums);
// q = round(x / step) + zero in 0 .. 255. The values of the row and 0 together span that range, and 0 maps to `zero`
// exactly.
void quantize_activations_cpu(const float* x, size_t rows, size_t cols, WholeNumbers q, float* steps, float* zeros);

struct DequantizeArgs {
  // [rows, cols]. Before the call: sums of products of integers. After the call:
  // (y - row zero * column sum) * row step * column step + bias + addend, or its GELU.
  float* y = nullptr;
  size_t rows = 0, cols = 0;
  const float *row_steps = nullptr, *row_zeros = nullptr;
  const float *column_steps = nullptr, *column_sums = nullptr;
  const float* bias = nullptr;    // [cols] or null
  const float* addend = nullptr;  // [rows, cols] or null
  bool gelu = false;
};
void dequantize_cpu(const DequantizeArgs& args);

// sums[j] += sum_i x[i, j], in an order that does not depend on the number of threads. `partial` has kSumBlocks * cols
// floats.
inline constexpr size_t kSumBlocks = 16;
void add_column_sums_cpu(ActivationInput x, size_t rows, size_t cols, float* sums, float* partial);

void bf16_to_float_cpu(const uint16_t* x, float* y, size_t n);

}  // namespace univar
