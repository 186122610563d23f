// matmul on oneDNN, see ops/matmul.h.
#include <chrono>

#include "core/aligned_buffer.h"
#include "core/simd_targets.h"
#include "cpu/bf16.h"
#include "cpu/gemm.h"
#include "cpu/kernels.h"

namespace univar {

Status matmul_cpu(const MatmulArgs& args, const Control& control) {
  if (args.m == 0 || args.n == 0) return Status::Ok();
  if (args.k == 0) {
    for (size_t i = 0; i < args.m * args.n; ++i) args.c[i] = 0.0f;
    return Status::Ok();
  }
  GemmSpec spec{
      .m = args.m, .n = args.n, .k = args.k, .transpose_a = args.transpose_a, .transpose_b = args.transpose_b};
  const void* a = args.a;
  const void* b = args.b;
  AlignedBuffer<uint16_t> a16, b16;
  AlignedBuffer<float> a32, b32;
  const size_t a_size = args.m * args.k, b_size = args.k * args.n;
  if (args.precision == Precision::kBf16) {
    if (HasNativeBf16()) {
      if (Status s = a16.Allocate(a_size, "bf16 left operand"); !s.ok()) return s;
      if (Status s = b16.Allocate(b_size, "bf16 right operand"); !s.ok()) return s;
      float_to_bf16_cpu(args.a, a16.data(), a_size);
      float_to_bf16_cpu(args.b, b16.data(), b_size);
      a = a16.data();
      b = b16.data();
      spec.a = spec.b = GemmType::kBf16;
    } else {
      if (Status s = a32.Allocate(a_size, "rounded left operand"); !s.ok()) return s;
      if (Status s = b32.Allocate(b_size, "rounded right operand"); !s.ok()) return s;
      round_to_bf16_cpu(args.a, a32.data(), a_size);
      round_to_bf16_cpu(args.b, b32.data(), b_size);
      a = a32.data();
      b = b32.data();
    }
  }
  if (control.cancelled()) return Status::Aborted();
  Gemm gemm;
  if (args.seconds == nullptr) {
    if (Status s = Gemm::Create(spec, &gemm); !s.ok()) return s;
    return gemm.Run(a, b, args.c);
  }
  PackedB packed;
  if (Status s = packed.Pack(spec, b); !s.ok()) return s;
  if (Status s = Gemm::Create(spec, &gemm, &packed); !s.ok()) return s;
  if (Status s = gemm.Run({.a = a, .c = args.c}, &packed); !s.ok()) return s;
  const auto begin = std::chrono::steady_clock::now();
  const Status status = gemm.Run({.a = a, .c = args.c}, &packed);
  *args.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return status;
}

}  // namespace univar
