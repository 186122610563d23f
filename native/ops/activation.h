// Activations of the two encoder families.
//
//   GELU (exact):  y = x * Phi(x) = x/2 * (1 + erf(x / sqrt 2)),   dx = dy * (Phi(x) + x * phi(x))
//   SwiGLU:        y = up * silu(gate),  silu(g) = g * sigmoid(g)
//                  dup = dy * silu(gate),  dgate = dy * up * sigmoid(gate) * (1 + gate * (1 - sigmoid(gate)))
//
// GELU works on [rows, cols]. SwiGLU reads pairs [rows, 2 * cols], the up branch in columns 0 .. cols - 1 and the gate
// in cols .. 2 cols - 1, and writes [rows, cols]; its gradient has the layout of the pair. Absolute error <= 2e-7 *
// |x|.
//
// Inputs are float32 or bfloat16, outputs float32, bfloat16 (nearest even), both or none: products in bfloat16 before
// and after are spared passes over memory. Backward writes y again beside the gradient, as both need the same
// exponentials and nobody has kept it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/status.h"

namespace univar {

// One of the two is set.
struct ActivationInput {
  const float* f32 = nullptr;
  const uint16_t* bf16 = nullptr;

  ActivationInput operator+(size_t n) const {
    return {f32 == nullptr ? nullptr : f32 + n, bf16 == nullptr ? nullptr : bf16 + n};
  }
};

// Either may be null.
struct ActivationOutput {
  float* f32 = nullptr;
  uint16_t* bf16 = nullptr;

  ActivationOutput operator+(size_t n) const {
    return {f32 == nullptr ? nullptr : f32 + n, bf16 == nullptr ? nullptr : bf16 + n};
  }
};

using GeluForwardFn = Status (*)(ActivationInput x, ActivationOutput y, size_t n);
// dx may be dy.
using GeluBackwardFn = Status (*)(ActivationInput x, ActivationInput dy, ActivationOutput dx, ActivationOutput y,
                                  size_t n);
using SwigluForwardFn = Status (*)(ActivationInput pair, ActivationOutput y, size_t rows, size_t cols);
using SwigluBackwardFn = Status (*)(ActivationInput pair, ActivationInput dy, ActivationOutput dpair,
                                    ActivationOutput y, size_t rows, size_t cols);

}  // namespace univar
