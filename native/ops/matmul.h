// Dense product, for computations composed in TypeScript (the linear probe) and as the baseline of benchmarks.
//
//   C = op(A) op(B),  op(X) = X or X^T,  C: [m, n] float32
//
// kBf16 rounds both operands to bfloat16 (nearest even) and accumulates in float32. A CPU without bf16 units multiplies
// the same rounded values in float32.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/control.h"
#include "core/matrix.h"
#include "core/names.h"
#include "core/status.h"

namespace univar {

// Precision of the operands of products.
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
  Precision precision = Precision::kF32;  // not kInt8, which is only for encoder inference
  // For benchmarks: receives the seconds of the product alone, after B was packed into oneDNN's preferred layout, the
  // operands were converted and the memory of C was touched.
  double* seconds = nullptr;
};

// Rounds n floats to the nearest bfloat16 (ties to even).
using RoundBf16Fn = Status (*)(const float* x, uint16_t* y, size_t n);
using MatmulFn = Status (*)(const MatmulArgs& args, const Control& control);

}  // namespace univar
