// Affine map:  y = act(x w^T + b) + r
//
// x: [rows, in], w: [out, in], b: [out] or null, y: [rows, out]; act is the identity or the exact GELU; r: [rows, out]
// or null, only with the identity. Backward (of the identity):  dx = dy w (overwritten or added to),   dw += dy^T x,
// db += sum_rows dy (both accumulated)
//
// kBf16 multiplies bfloat16 roundings of the operands; sums, biases and gradients stay float32. `w16` is the rounded
// copy of w, which the caller keeps because it changes only once per training step. kInt8 multiplies whole numbers:
// each row of w is divided by its own step and rounded to -127 .. 127, each row of x to 0 .. 255 around its own zero;
// sums run in 32 bits and are multiplied by both steps. Forward only.
//
// Products run on rows rounded up to PaddedRows(rows), so that few shapes occur: every matrix of activations has room
// for that many. What the additional rows hold does not matter; forward overwrites those of y, backward clears those of
// x and dy.
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

// A weight in the form that the forward product of a backend likes best.
class PackedWeight {
 public:
  virtual ~PackedWeight() = default;
};

struct LinearWeight {
  const float* w = nullptr;       // [out, in]
  const uint16_t* w16 = nullptr;  // [out, in] bfloat16; needed for kBf16
  const float* bias = nullptr;    // [out] or null
  size_t out = 0, in = 0;
  const PackedWeight* packed = nullptr;  // needed by forward, of the same precision
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
  float* x = nullptr;        // one of the two, when dw is asked for
  uint16_t* x16 = nullptr;   // bfloat16, for kBf16
  float* dy = nullptr;       // one of the two
  uint16_t* dy16 = nullptr;  // bfloat16, for kBf16
  size_t rows = 0;
  float* dx = nullptr;         // one of the two, or neither
  uint16_t* dx16 = nullptr;    // bfloat16, for kBf16
  bool accumulate_dx = false;  // dx += instead of dx =, for a residual branch that is already there; not of dx16
  float* dw = nullptr;         // null skips the parameter gradients
  float* db = nullptr;         // null when there is no bias
  Precision precision = Precision::kF32;
  Scratch* scratch = nullptr;
};

// Packs into `packed`, whose memory is reused when it holds an earlier state of the same weight.
using PackWeightFn = Status (*)(const LinearWeight& weight, Precision precision, Scratch* scratch,
                                std::unique_ptr<PackedWeight>* packed);
using LinearForwardFn = Status (*)(const LinearWeight& weight, const LinearForwardArgs& args);
using LinearBackwardFn = Status (*)(const LinearWeight& weight, const LinearBackwardArgs& args);

}  // namespace univar
