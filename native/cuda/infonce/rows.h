// Bodies (block.h) that prepare the rows of the loss for the products: rounding, checks and the dot products of pairs.
#pragma once

#include "cuda/machine/numbers.h"
#include "cuda/primitives/block_sums.h"

namespace univar::cuda {

// Rows of one side as the operands of products: float32, or rounded to bf16 and stored as f16 in rows of `stride`
// entries. The value of each f16 entry is multiplied by `unit`.
struct InputRows {
  const float* plain;
  const F16* rounded;
  size_t dim, stride;
  double unit;
  UNIVAR_HD double At(size_t row, size_t d) const {
    return rounded != nullptr ? unit * FromF16(rounded[row * stride + d]) : plain[row * dim + d];
  }
};

// Finds the largest finite bf16 of a side as the bits of a float, which have the same order as the numbers. One block
// per row.
struct LargestEntry {
  static constexpr int kThreads = 128;
  const float* from;
  size_t dim;
  int* largest;
  static size_t shared_bytes() { return SharedBytes<int>(kThreads); }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    int* found = block.template Shared<int>(kThreads);
    block.Each([&](int t) {
      found[t] = 0;
      for (size_t d = t; d < dim; d += kThreads) {
        const float x = FromBf16(ToBf16(from[block.index() * dim + d]));
        const int bits = static_cast<int>(BitsOf(x) & 0x7FFFFFFFu);
        if (IsFinite(x) && bits > found[t]) found[t] = bits;
      }
    });
    JoinByHalves(block, found, kThreads, [](int* to, int from) { *to = from > *to ? from : *to; });
    block.Each([&](int t) {
      if (t == 0) block.AtomicMax(largest, found[0]);
    });
  }
};

// Rounds rows to bf16 and multiplies them by a power of two, so that f16 represents each bf16 exactly. Fills the rows
// with zeros up to `stride`. One block per row.
struct RoundRows {
  static constexpr int kThreads = 128;
  const float* from;
  F16* to;
  size_t dim, stride;
  float factor;
  static size_t shared_bytes() { return 0; }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    const size_t row = block.index();
    block.Each([&](int t) {
      for (size_t d = t; d < stride; d += kThreads)
        to[row * stride + d] = d < dim ? ToF16(factor * FromBf16(ToBf16(from[row * dim + d]))) : F16{0};
    });
  }
};

// Computes the dot products of the pairs in double precision, which also show whether the inputs are finite. One block
// per row.
struct PairDots {
  static constexpr int kThreads = 128;
  InputRows query, key;
  double* positive;
  int* first_bad;
  static size_t shared_bytes() { return SharedBytes<double>(kThreads); }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    const size_t row = block.index();
    double* sums = block.template Shared<double>(kThreads);
    block.Each([&](int t) {
      double sum = 0.0;
      for (size_t d = t; d < query.dim; d += kThreads) sum += query.At(row, d) * key.At(row, d);
      sums[t] = sum;
    });
    SumByHalves(block, sums, kThreads);
    block.Each([&](int t) {
      if (t != 0) return;
      positive[row] = sums[0];
      if (!IsFinite(sums[0])) block.AtomicMin(first_bad, static_cast<int>(row));
    });
  }
};

}  // namespace univar::cuda
