// Dense product for what the engine composes in TypeScript (the linear probe) and as the peer that benchmarks compare
// with.
//
//   C = op(A) op(B),  op(X) = X or X^T,  C: [m, n] float32
//
// kBf16 rounds both operands to bfloat16 (nearest even) first and accumulates in float32; on a CPU without bf16 units
// the same rounded values are multiplied in float32.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/control.h"
#include "core/matrix.h"
#include "core/names.h"
#include "core/status.h"

namespace univar {

// Of products.
enum class Precision { kF32, kBf16, kInt8 };

template <>
struct Names<Precision> {
  static constexpr Named<Precision> kAll[] = {
      {Precision::kF32, "f32"}, {Precision::kBf16, "bf16"}, {Precision::kInt8, "int8"}};
};

struct MatmulArgs {
  const float* a = nullptr;
  const float* b = nullptr;
  float* c = nullptr;
  size_t m = 0, n = 0, k = 0;
  bool transpose_a = false, transpose_b = false;
  Precision precision = Precision::kF32;  // not kInt8, which is for inference of the encoder
  // For benchmarks: where to write the seconds that the product alone takes, with B packed into oneDNN's favourite
  // layout, operands converted, and C touched, all beforehand.
  double* seconds = nullptr;
};

// Nearest bfloat16 (ties to even) of n floats.
using RoundBf16Fn = Status (*)(const float* x, uint16_t* y, size_t n);
using MatmulFn = Status (*)(const MatmulArgs& args, const Control& control);

}  // namespace univar
