// Products by cuBLASLt, which is loaded at run time; without it, our own kernels (gemm.h) compute them. This header
// includes no CUDA header, so the addon builds without the library, and tests can use a fake library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/status.h"

namespace univar::cuda {

struct CublasLtInfo {
  bool available = false;
  std::string reason;  // why it is not available
  size_t version = 0;  // 10000 major + 100 minor + patch
};
const CublasLtInfo& DescribeCublasLt();

// C [m, n] = scale op(A) op(B) + addend + bias, row-major with bf16 or f16 operands and sums in float32.
struct LtProduct {
  bool transpose_a = false, transpose_b = false;
  size_t m = 0, n = 0, k = 0;
  const uint16_t* a = nullptr;
  const uint16_t* b = nullptr;
  bool f16 = false;  // whether a and b are f16 instead of bf16
  float scale = 1.0f;
  void* c = nullptr;
  bool rounded = false;  // whether C is bf16
  size_t lda = 0, ldb = 0, ldc = 0;
  const void* addend = nullptr;  // same type and shape as C, can be C; null: none
  const float* bias = nullptr;   // [n], unless C is bf16; null: none
};

// Device memory that products of one stream share.
struct LtWorkspace {
  void* memory = nullptr;
  size_t bytes = 0;
};
inline constexpr size_t kLtWorkspaceBytes = size_t{32} << 20;  // recommended by NVIDIA for Hopper

// Queues the product on `stream` (a cudaStream_t). If the library is not available or has no algorithm for the
// operands, sets `*done` to false and does nothing.
Status MultiplyByCublasLt(const LtProduct& product, const LtWorkspace& workspace, void* stream, bool* done);

}  // namespace univar::cuda
