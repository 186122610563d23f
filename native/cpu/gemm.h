// Dense matrix products by oneDNN:  C = op(A) op(B) + beta C,  row-major with leading dimensions.
//
// Create once per shape, Run as often as needed; Run allocates only what oneDNN keeps as its own scratchpad and is not
// safe to call for one Gemm from two threads at once. bf16 and int8 operands accumulate in f32 and s32.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/status.h"

namespace univar {

enum class GemmType { kF32, kBf16, kS8, kS32 };

struct GemmSpec {
  size_t m = 0, n = 0, k = 0;       // C is [m, n], op(A) is [m, k], op(B) is [k, n]
  bool transpose_a = false;         // A is stored [k, m]
  bool transpose_b = false;         // B is stored [n, k]
  size_t lda = 0, ldb = 0, ldc = 0; // elements between stored rows; 0 means dense
  GemmType a = GemmType::kF32, b = GemmType::kF32, c = GemmType::kF32;
  bool accumulate = false;          // beta = 1 instead of 0
  bool packed_b = false;            // B is given once to PackB, which copies it into the layout that oneDNN likes best
};

class Gemm {
 public:
  Gemm();
  ~Gemm();
  Gemm(Gemm&&) noexcept;
  Gemm& operator=(Gemm&&) noexcept;

  static Status Create(const GemmSpec& spec, Gemm* gemm);
  // Only with packed_b, before Run, which then ignores its `b`.
  Status PackB(const void* b);
  Status Run(const void* a, const void* b, void* c) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace univar
