// Dense matrix products by oneDNN:  C = act(op(A) op(B) + bias) + addend + beta C,  row-major with leading dimensions.
//
// Call Create once per shape and Run as often as needed. A Gemm must not run on two threads at the same time unless
// each passes its own scratchpad. bf16 and int8 operands accumulate in f32 and s32.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/status.h"

namespace univar {

enum class GemmType { kF32, kBf16, kS8, kU8, kS32 };

struct GemmSpec {
  size_t m = 0, n = 0, k = 0;        // C is [m, n], op(A) is [m, k], op(B) is [k, n]
  bool transpose_a = false;          // A is stored [k, m]
  bool transpose_b = false;          // B is stored [n, k]
  size_t lda = 0, ldb = 0, ldc = 0;  // elements between stored rows; 0 means dense
  GemmType a = GemmType::kF32, b = GemmType::kF32, c = GemmType::kF32;
  bool accumulate = false;           // beta = 1 instead of 0
  bool bias = false;                 // f32, one per column
  bool gelu = false;                 // act is the exact GELU instead of the identity
  bool addend = false;               // f32, dense, shape of C
  bool external_scratchpad = false;  // the caller passes oneDNN's working memory to Run

  auto operator<=>(const GemmSpec&) const = default;
};

struct GemmOperands {
  const void* a = nullptr;
  const void* b = nullptr;  // ignored if B is packed
  void* c = nullptr;
  const float* bias = nullptr;
  const float* addend = nullptr;
  void* scratchpad = nullptr;  // Gemm::scratchpad_bytes() bytes, if external_scratchpad is set
};

// B in oneDNN's preferred layout for a spec. The layout does not depend on m.
class PackedB {
 public:
  PackedB();
  ~PackedB();
  PackedB(PackedB&&) noexcept;
  PackedB& operator=(PackedB&&) noexcept;

  // Packing the same shape and types again reuses the memory.
  Status Pack(const GemmSpec& spec, const void* b);

 private:
  friend class Gemm;
  struct State;
  std::unique_ptr<State> state_;
};

class Gemm {
 public:
  Gemm();
  ~Gemm();
  Gemm(Gemm&&) noexcept;
  Gemm& operator=(Gemm&&) noexcept;

  // `packed`, if given, replaces B and must outlive the product.
  static Status Create(const GemmSpec& spec, Gemm* gemm, const PackedB* packed = nullptr);
  size_t scratchpad_bytes() const;
  Status Run(const GemmOperands& operands, const PackedB* packed = nullptr) const;
  Status Run(const void* a, const void* b, void* c) const { return Run({.a = a, .b = b, .c = c}); }

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Returns the product of a spec, created on first use and kept until the process exits, because creating one takes
// longer than running a small product. For callers with few shapes.
Status CachedGemm(const GemmSpec& spec, const PackedB* packed, std::shared_ptr<const Gemm>* gemm);

}  // namespace univar
