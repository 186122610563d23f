// Products by cuBLASLt, opened at run time: without it our own (gemm.h) do the work. No header of CUDA, so that the
// addon builds without the library's, and tests run against one of their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/status.h"

namespace univar::cuda {

struct CublasLtInfo {
  bool available = false;
  std::string reason;  // why not
  size_t version = 0;  // 10000 major + 100 minor + patch
};
const CublasLtInfo& DescribeCublasLt();

// C [m, n] = scale op(A) op(B) + addend + bias, row-major with bf16 or f16 operands and sums in float32.
struct LtProduct {
  bool transpose_a = false, transpose_b = false;
  size_t m = 0, n = 0, k = 0;
  const uint16_t* a = nullptr;
  const uint16_t* b = nullptr;
  bool f16 = false;  // what a and b hold
  float scale = 1.0f;
  void* c = nullptr;
  bool rounded = false;  // whether C is bf16
  size_t lda = 0, ldb = 0, ldc = 0;
  const void* addend = nullptr;  // like C, may be C; null: none
  const float* bias = nullptr;   // [n], unless C is bf16; null: none
};

// Device memory that products of one stream share.
struct LtWorkspace {
  void* memory = nullptr;
  size_t bytes = 0;
};
inline constexpr size_t kLtWorkspaceBytes = size_t{32} << 20;  // what NVIDIA recommends for Hopper

// Asks for the product on `stream` (a cudaStream_t). `*done` is false, and nothing has happened, where there is no
// library or none of its algorithms takes these operands.
Status MultiplyByCublasLt(const LtProduct& product, const LtWorkspace& workspace, void* stream, bool* done);

}  // namespace univar::cuda
