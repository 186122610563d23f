// Layer normalisation of a residual sum, over the last dimension.
//
//   s = x + r,   y = (s - mean(s)) * rstd * w + b,   rstd = 1 / sqrt(var(s) + eps)
//
// x, r, s, y: [rows, cols]; mean, rstd: [rows]; w, b: [cols]. `r` can be null (no residual); `s` can be x.
// mean and rstd are kept for the backward pass, which overwrites the activation gradient and adds to the parameter
// gradients:
//
//   g = dy * w,  xhat = (s - mean) * rstd
//   ds = rstd * (g - mean(g) - xhat * mean(g * xhat)),   dw += sum_rows dy * xhat,   db += sum_rows dy
//
// Statistics are computed relative to a value close to the mean, so rows with a large common offset keep their
// variance.
#pragma once

#include <cstdint>

#include "core/matrix.h"
#include "core/status.h"

namespace univar {

struct LayerNormForwardArgs {
  ConstMatrix x;
  const float* residual = nullptr;
  const float* weight = nullptr;
  const float* bias = nullptr;
  double epsilon = 1e-12;
  float* sum = nullptr;     // [rows, cols]
  float* mean = nullptr;    // [rows]
  float* rstd = nullptr;    // [rows]
  float* y = nullptr;       // [rows, cols]; null: none
  uint16_t* y16 = nullptr;  // [rows, cols], y rounded to bfloat16 for the product that follows; null: none
};

struct LayerNormBackwardArgs {
  ConstMatrix dy;
  const float* sum = nullptr;
  const float* mean = nullptr;
  const float* rstd = nullptr;
  const float* weight = nullptr;
  float* dsum = nullptr;       // [rows, cols], overwritten; can be dy
  uint16_t* dsum16 = nullptr;  // [rows, cols], dsum rounded to bfloat16 for the products that follow; null: none
  float* dweight = nullptr;    // [cols], accumulated; null skips the parameter gradients
  float* dbias = nullptr;      // [cols], accumulated
};

using LayerNormForwardFn = Status (*)(const LayerNormForwardArgs& args);
using LayerNormBackwardFn = Status (*)(const LayerNormBackwardArgs& args);

}  // namespace univar
