// Activations of the two encoder families.
//
//   GELU (exact):  y = x * Phi(x) = x/2 * (1 + erf(x / sqrt 2)),   dx = dy * (Phi(x) + x * phi(x))
//   SwiGLU:        y = up * silu(gate),  silu(g) = g * sigmoid(g)
//                  dup = dy * silu(gate),  dgate = dy * up * sigmoid(gate) * (1 + gate * (1 - sigmoid(gate)))
//
// GELU works on [rows, cols]. SwiGLU reads pairs [rows, 2 * cols], the up branch in columns 0 .. cols - 1 and the gate
// in cols .. 2 cols - 1, and writes [rows, cols]. Its gradient has the layout of the pair. The absolute error is at
// most 2e-7 * |x|.
//
// Inputs are float32 or bfloat16. Outputs are float32, bfloat16 (nearest even), both or neither, so that bfloat16
// products before and after need no extra pass over memory. Backward also recomputes y, because the forward pass does
// not keep it and both results need the same exponentials.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/status.h"

namespace univar {

// Exactly one of the two is set.
struct ActivationInput {
  const float* f32 = nullptr;
  const uint16_t* bf16 = nullptr;

  ActivationInput operator+(size_t n) const {
    return {f32 == nullptr ? nullptr : f32 + n, bf16 == nullptr ? nullptr : bf16 + n};
  }
};

// Either can be null.
struct ActivationOutput {
  float* f32 = nullptr;
  uint16_t* bf16 = nullptr;

  ActivationOutput operator+(size_t n) const {
    return {f32 == nullptr ? nullptr : f32 + n, bf16 == nullptr ? nullptr : bf16 + n};
  }
};

using GeluForwardFn = Status (*)(ActivationInput x, ActivationOutput y, size_t n);
// dx can be dy.
using GeluBackwardFn = Status (*)(ActivationInput x, ActivationInput dy, ActivationOutput dx, ActivationOutput y,
                                  size_t n);
using SwigluForwardFn = Status (*)(ActivationInput pair, ActivationOutput y, size_t rows, size_t cols);
using SwigluBackwardFn = Status (*)(ActivationInput pair, ActivationInput dy, ActivationOutput dpair,
                                    ActivationOutput y, size_t rows, size_t cols);

}  // namespace univar
