// Element-wise operations on matrices of float32 or bf16. A struct defines the operation on an element:
//
//   static constexpr size_t kEach                       columns per thread: few if an element takes long
//   void operator()(size_t row, size_t column) const    reads before it writes, so both can use the same memory
#pragma once

#include "core/try.h"
#include "cuda/machine/machine.h"
#include "cuda/machine/numbers.h"
#include "ops/activation.h"

namespace univar::cuda {

UNIVAR_HD float Load(const ActivationInput& x, size_t i) { return x.bf16 != nullptr ? FromBf16(x.bf16[i]) : x.f32[i]; }
UNIVAR_HD void Store(float value, const ActivationOutput& y, size_t i) {
  if (y.f32 != nullptr) y.f32[i] = value;
  if (y.bf16 != nullptr) y.bf16[i] = ToBf16(value);
}

// One block per row and strip of kThreads * kEach columns.
template <class Element>
struct EachElement {
  static constexpr int kThreads = 128;
  static constexpr size_t kStrip = kThreads * Element::kEach;
  Element element;
  size_t rows, cols;
  static size_t shared_bytes() { return 0; }
  size_t blocks() const { return rows * CeilDivide(cols, kStrip); }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    const size_t strips = CeilDivide(cols, kStrip);
    const size_t row = block.index() / strips, first = block.index() % strips * kStrip;
    block.Each([&](int t) {
      for (size_t n = 0; n < Element::kEach; ++n) {
        const size_t column = first + n * kThreads + t;
        if (column < cols) element(row, column);
      }
    });
  }
};

template <class Machine, class Element>
Status ForEach(Machine& machine, const Element& element, size_t rows, size_t cols) {
  const EachElement<Element> body{element, rows, cols};
  return machine.Launch(body, body.blocks());
}

struct RoundElement {
  static constexpr size_t kEach = 8;
  const float* x;
  Bf16* y;
  UNIVAR_HD void operator()(size_t, size_t i) const { y[i] = ToBf16(x[i]); }
};

// RoundBf16Fn of ops/matmul.h.
template <class Machine>
Status RoundBf16(Machine& machine, const float* x, uint16_t* y, size_t n) {
  return ForEach(machine, RoundElement{x, y}, 1, n);
}

}  // namespace univar::cuda
