// Matrix products on a machine. They use the machine's library if it supports the operands, and our kernels otherwise.
#pragma once

#include "core/try.h"
#include "cuda/gemm/gemm.h"
#include "cuda/machine/cublas_lt.h"
#include "cuda/machine/machine.h"

namespace univar::cuda {

// An operand in float32 or bfloat16.
struct Operand {
  const float* f32 = nullptr;
  const Bf16* bf16 = nullptr;
};

// Whether a library supports the product. It has no exact GELU, adds a float32 bias only to float32 results, and splits
// k itself.
inline bool LibraryKnows(const GemmShape& shape, const Epilogue& epilogue) {
  const bool halves = epilogue.rounded != nullptr;
  return !epilogue.gelu && shape.split_depth == 0 &&
         !(halves && (epilogue.bias != nullptr || epilogue.residual != nullptr));
}

// C (+)= op(A) op(B) of 16-bit operands, on tensor cores.
template <bool kTransposeA, bool kTransposeB, Half kHalf, class Machine>
Status MultiplyHalves(Machine& machine, const uint16_t* a, const uint16_t* b, float* c, const GemmShape& shape,
                      const Epilogue& epilogue = {}) {
  if (LibraryKnows(shape, epilogue)) {
    bool done = false;
    UNIVAR_TRY(machine.MultiplyByLibrary({.transpose_a = kTransposeA,
                                          .transpose_b = kTransposeB,
                                          .m = shape.m,
                                          .n = shape.n,
                                          .k = shape.k,
                                          .a = a,
                                          .b = b,
                                          .f16 = kHalf == Half::kF16,
                                          .scale = epilogue.scale,
                                          .c = epilogue.rounded != nullptr ? static_cast<void*>(epilogue.rounded) : c,
                                          .rounded = epilogue.rounded != nullptr,
                                          .lda = shape.lda,
                                          .ldb = shape.ldb,
                                          .ldc = shape.ldc,
                                          .addend = shape.accumulate ? c : epilogue.residual,
                                          .bias = epilogue.bias},
                                         &done));
    if (done) return Status::Ok();
  }
  const GemmHalf<kTransposeA, kTransposeB, kHalf> gemm{a, b, c, shape, epilogue};
  return machine.Launch(gemm, gemm.blocks());
}

// C (+)= op(A) op(B), on tensor cores if `bf16` is set.
template <bool kTransposeA, bool kTransposeB, class Machine>
Status Multiply(Machine& machine, bool bf16, const Operand& a, const Operand& b, float* c, const GemmShape& shape,
                const Epilogue& epilogue = {}) {
  if (!bf16) {
    const GemmF32<kTransposeA, kTransposeB> gemm{a.f32, b.f32, c, shape, epilogue};
    return machine.Launch(gemm, gemm.blocks());
  }
  return MultiplyHalves<kTransposeA, kTransposeB, Half::kBf16>(machine, a.bf16, b.bf16, c, shape, epilogue);
}

}  // namespace univar::cuda
