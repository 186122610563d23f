// Affine map:  y = x w^T + b
//
// x: [rows, in], w: [out, in], b: [out] or null, y: [rows, out].
// Backward:  dx = dy w (overwritten),   dw += dy^T x,   db += sum_rows dy (both accumulated)
//
// kBf16 multiplies bfloat16 roundings of the operands; sums, biases, results and gradients stay float32. `w16` is the
// rounded copy of w, which the caller keeps because it changes only once per training step.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/status.h"
#include "ops/matmul.h"

namespace univar {

struct LinearWeight {
  const float* w = nullptr;       // [out, in]
  const uint16_t* w16 = nullptr;  // [out, in] bfloat16; needed for kBf16
  const float* bias = nullptr;    // [out] or null
  size_t out = 0, in = 0;
};

struct LinearForwardArgs {
  const float* x = nullptr;
  float* y = nullptr;
  size_t rows = 0;
  Precision precision = Precision::kF32;
};

struct LinearBackwardArgs {
  const float* x = nullptr;
  const float* dy = nullptr;
  size_t rows = 0;
  float* dx = nullptr;  // null skips it
  bool accumulate_dx = false;  // dx += instead of dx =, for a residual branch that is already there
  float* dw = nullptr;  // null skips the parameter gradients
  float* db = nullptr;  // null when there is no bias
  Precision precision = Precision::kF32;
};

using LinearForwardFn = Status (*)(const LinearWeight& weight, const LinearForwardArgs& args);
using LinearBackwardFn = Status (*)(const LinearWeight& weight, const LinearBackwardArgs& args);

}  // namespace univar
