// Affine map:  y = act(x w^T + b) + r
//
// x: [rows, in], w: [out, in], b: [out] or null, y: [rows, out]; act is the identity or the exact GELU; r: [rows, out]
// or null, only with the identity. Backward (of the identity):  dx = dy w (overwritten or added to),   dw += dy^T x,
// db += sum_rows dy (both accumulated)
//
// kBf16 multiplies the operands rounded to bfloat16; sums, biases and gradients stay float32. `w16` is the rounded copy
// of w, which the caller keeps because it changes only once per training step. kInt8 (forward only) multiplies
// integers: each row of w is divided by its own step and rounded to -127 .. 127, each row of x to 0 .. 255 around its
// own zero point. Sums are 32-bit integers and are multiplied by both steps.
//
// Products run on PaddedRows(rows) rows, so that only a few shapes occur. Every activation matrix therefore needs room
// for that many rows. The content of the padding rows does not matter: forward overwrites them in y, and backward
// clears them in x and dy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/numbers.h"
#include "core/scratch.h"
#include "core/status.h"
#include "ops/matmul.h"

namespace univar {

inline size_t PaddedRows(size_t rows) { return RoundUp(rows, rows <= 256 ? 16 : 32); }

// A weight in the layout that is fastest for a backend's forward product.
class PackedWeight {
 public:
  virtual ~PackedWeight() = default;
};

struct LinearWeight {
  const float* w = nullptr;       // [out, in]
  const uint16_t* w16 = nullptr;  // [out, in] bfloat16; needed for kBf16
  const float* bias = nullptr;    // [out] or null
  size_t out = 0, in = 0;
  const PackedWeight* packed = nullptr;  // needed by forward; packed for the same precision
};

struct LinearForwardArgs {
  const float* x = nullptr;         // one of the two
  const uint16_t* x16 = nullptr;    // bfloat16, for kBf16
  float* y = nullptr;               // one of the two
  uint16_t* y16 = nullptr;          // bfloat16, for kBf16
  const float* residual = nullptr;  // r
  bool gelu = false;
  size_t rows = 0;
  Precision precision = Precision::kF32;
  Scratch* scratch = nullptr;
};

struct LinearBackwardArgs {
  float* x = nullptr;        // one of the two, if dw is given
  uint16_t* x16 = nullptr;   // bfloat16, for kBf16
  float* dy = nullptr;       // one of the two
  uint16_t* dy16 = nullptr;  // bfloat16, for kBf16
  size_t rows = 0;
  float* dx = nullptr;         // one of the two, or neither
  uint16_t* dx16 = nullptr;    // bfloat16, for kBf16
  bool accumulate_dx = false;  // adds to dx, which holds the gradient of a residual branch; not supported for dx16
  float* dw = nullptr;         // null skips the parameter gradients
  float* db = nullptr;         // null if there is no bias
  Precision precision = Precision::kF32;
  Scratch* scratch = nullptr;
};

// Packs the weight into `packed` and reuses its memory if it holds an earlier state of the same weight.
using PackWeightFn = Status (*)(const LinearWeight& weight, Precision precision, Scratch* scratch,
                                std::unique_ptr<PackedWeight>* packed);
using LinearForwardFn = Status (*)(const LinearWeight& weight, const LinearForwardArgs& args);
using LinearBackwardFn = Status (*)(const LinearWeight& weight, const LinearBackwardArgs& args);

}  // namespace univar
