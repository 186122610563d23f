// Sums over the threads of a block.
#pragma once

#include "cuda/machine/block.h"

namespace univar::cuda {

// Two sums that are reduced with the same barriers.
template <typename T>
struct TwoSums {
  T first, second;
  UNIVAR_HD TwoSums& operator+=(const TwoSums& other) {
    first += other.first;
    second += other.second;
    return *this;
  }
};

// Sums by halves, where n is a power of two. The result is in values[0].
template <class B, typename T>
UNIVAR_BODY void SumByHalves(B& block, T* values, int n) {
  JoinByHalves(block, values, n, [](T* to, const T& from) { *to += from; });
}

// Computes the sum of an array with one block, in the same order in every run.
struct SumOfArray {
  static constexpr int kThreads = 256;
  const double* values;
  size_t count;
  double* sum;
  static size_t shared_bytes() { return SharedBytes<double>(kThreads); }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    double* sums = block.template Shared<double>(kThreads);
    block.Each([&](int t) {
      sums[t] = 0.0;
      for (size_t i = t; i < count; i += kThreads) sums[t] += values[i];
    });
    SumByHalves(block, sums, kThreads);
    block.Each([&](int t) {
      if (t == 0) *sum = sums[0];
    });
  }
};

}  // namespace univar::cuda
