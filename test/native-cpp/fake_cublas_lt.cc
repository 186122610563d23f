// A fake libcublasLt on the host, for the test of native/cuda/machine/cublas_lt.cc. It computes column-major products
// in loops, as NVIDIA documents them (docs.nvidia.com/cuda/cublas, "Using the cuBLASLt API"), and rejects descriptors
// that do not match. Like the real library for bf16, it has no algorithm for operands whose rows do not start at
// multiples of 16 bytes.
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "cuda/machine/numbers.h"

namespace {

using univar::cuda::Bf16;
using univar::cuda::F16;
using univar::cuda::FromBf16;
using univar::cuda::FromF16;
using univar::cuda::ToBf16;

constexpr int kSuccess = 0, kInvalidValue = 7, kNotSupported = 15;
constexpr int kFloat = 0, kHalf = 2, kBfloat = 14, kCompute32F = 68;

struct Operation {
  int32_t transpose_a = 0, transpose_b = 0;
  uint32_t epilogue = 1;
  const float* bias = nullptr;
};
struct Layout {
  int type;
  uint64_t rows, columns;
  int64_t stride;
};
struct Preference {
  uint64_t workspace = 0;
  std::map<int, uint32_t> alignments;
};
struct Heuristic {
  uint64_t algorithm[8];
  size_t workspace;
  int status;
  float waves;
  int reserved[4];
};

float Load(const void* from, const Layout& layout, uint64_t row, uint64_t column) {
  const size_t at = static_cast<size_t>(column) * static_cast<size_t>(layout.stride) + row;
  if (layout.type == kFloat) return static_cast<const float*>(from)[at];
  return layout.type == kBfloat ? FromBf16(static_cast<const Bf16*>(from)[at])
                                : FromF16(static_cast<const F16*>(from)[at]);
}

bool Fits(const Layout& layout) { return layout.stride >= static_cast<int64_t>(layout.rows); }

}  // namespace

extern "C" {

// For tests: the number of requests for an algorithm.
int questions = 0;

size_t cublasLtGetVersion() { return 130102; }

int cublasLtCreate(void** handle) {
  *handle = new int(1);
  return kSuccess;
}

int cublasLtMatmulDescCreate(void** operation, int compute, int scale) {
  if (compute != kCompute32F || scale != kFloat) return kInvalidValue;
  *operation = new Operation;
  return kSuccess;
}
int cublasLtMatmulDescDestroy(void* operation) {
  delete static_cast<Operation*>(operation);
  return kSuccess;
}
int cublasLtMatmulDescSetAttribute(void* at, int attribute, const void* value, size_t bytes) {
  auto& operation = *static_cast<Operation*>(at);
  if (attribute == 8) {
    if (bytes != sizeof(void*)) return kInvalidValue;
    operation.bias = *static_cast<const float* const*>(value);
    return kSuccess;
  }
  if (bytes != sizeof(int32_t)) return kInvalidValue;
  if (attribute == 3)
    operation.transpose_a = *static_cast<const int32_t*>(value);
  else if (attribute == 4)
    operation.transpose_b = *static_cast<const int32_t*>(value);
  else if (attribute == 7)
    operation.epilogue = *static_cast<const uint32_t*>(value);
  else
    return kInvalidValue;
  return kSuccess;
}

int cublasLtMatrixLayoutCreate(void** layout, int type, uint64_t rows, uint64_t columns, int64_t stride) {
  *layout = new Layout{type, rows, columns, stride};
  return kSuccess;
}
int cublasLtMatrixLayoutDestroy(void* layout) {
  delete static_cast<Layout*>(layout);
  return kSuccess;
}

int cublasLtMatmulPreferenceCreate(void** preference) {
  *preference = new Preference;
  return kSuccess;
}
int cublasLtMatmulPreferenceDestroy(void* preference) {
  delete static_cast<Preference*>(preference);
  return kSuccess;
}
int cublasLtMatmulPreferenceSetAttribute(void* at, int attribute, const void* value, size_t bytes) {
  auto& preference = *static_cast<Preference*>(at);
  if (attribute == 1 && bytes == sizeof(uint64_t))
    preference.workspace = *static_cast<const uint64_t*>(value);
  else if (attribute >= 5 && attribute <= 8 && bytes == sizeof(uint32_t))
    preference.alignments[attribute] = *static_cast<const uint32_t*>(value);
  else
    return kInvalidValue;
  return kSuccess;
}

int cublasLtMatmulAlgoGetHeuristic(void*, void* operation_at, void* a_at, void* b_at, void* c_at, void* d_at,
                                   void* preference_at, int wanted, Heuristic* result, int* found) {
  const auto& operation = *static_cast<Operation*>(operation_at);
  const auto &a = *static_cast<Layout*>(a_at), &b = *static_cast<Layout*>(b_at), &c = *static_cast<Layout*>(c_at),
             &d = *static_cast<Layout*>(d_at);
  auto& preference = *static_cast<Preference*>(preference_at);
  ++questions;
  *found = 0;
  const uint64_t m = operation.transpose_a ? a.columns : a.rows, k = operation.transpose_a ? a.rows : a.columns;
  const uint64_t n = operation.transpose_b ? b.rows : b.columns, kb = operation.transpose_b ? b.columns : b.rows;
  if (k != kb || c.rows != m || c.columns != n || d.rows != m || d.columns != n || !Fits(a) || !Fits(b) || !Fits(c) ||
      wanted < 1)
    return kInvalidValue;
  if ((a.type != kBfloat && a.type != kHalf) || b.type != a.type || c.type != d.type ||
      (c.type != kFloat && c.type != a.type) || preference.workspace == 0)
    return kInvalidValue;
  if (a.stride % 8 != 0 || b.stride % 8 != 0 || preference.alignments[5] < 16 || preference.alignments[6] < 16)
    return kNotSupported;
  *result = Heuristic{{1, 2, 3, 4, 5, 6, 7, 8}, 0, kSuccess, 1.0f, {}};
  *found = 1;
  return kSuccess;
}

int cublasLtMatmul(void*, void* operation_at, const void* alpha, const void* a, void* a_at, const void* b, void* b_at,
                   const void* beta, const void* c, void* c_at, void* d, void* d_at, const uint64_t* algorithm, void*,
                   size_t, void*) {
  const auto& operation = *static_cast<Operation*>(operation_at);
  const auto &la = *static_cast<Layout*>(a_at), &lb = *static_cast<Layout*>(b_at), &lc = *static_cast<Layout*>(c_at),
             &ld = *static_cast<Layout*>(d_at);
  if (algorithm[7] != 8 || (operation.epilogue != 1 && operation.epilogue != 4)) return kInvalidValue;
  const float times = *static_cast<const float*>(alpha), keep = *static_cast<const float*>(beta);
  const uint64_t k = operation.transpose_a ? la.rows : la.columns;
  for (uint64_t j = 0; j < ld.columns; ++j) {
    for (uint64_t i = 0; i < ld.rows; ++i) {
      float sum = 0.0f;
      for (uint64_t t = 0; t < k; ++t) {
        const float left = operation.transpose_a ? Load(a, la, t, i) : Load(a, la, i, t);
        const float right = operation.transpose_b ? Load(b, lb, j, t) : Load(b, lb, t, j);
        sum += left * right;
      }
      sum *= times;
      if (keep != 0.0f) sum += keep * Load(c, lc, i, j);
      if (operation.epilogue == 4) sum += operation.bias[i];
      const size_t at = static_cast<size_t>(j) * static_cast<size_t>(ld.stride) + i;
      if (ld.type == kBfloat)
        static_cast<Bf16*>(d)[at] = ToBf16(sum);
      else
        static_cast<float*>(d)[at] = sum;
    }
  }
  return kSuccess;
}

}  // extern "C"
