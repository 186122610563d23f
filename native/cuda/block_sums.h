// Sums over the threads of a block.
#pragma once

#include "cuda/block.h"

namespace univar::cuda {

// Two that are joined with the same barriers.
template <typename T>
struct TwoSums {
  T first, second;
  UNIVAR_HD TwoSums& operator+=(const TwoSums& other) {
    first += other.first;
    second += other.second;
    return *this;
  }
};

// By halves, n a power of two; the sum is in values[0].
template <class B, typename T>
UNIVAR_BODY void SumByHalves(B& block, T* values, int n) {
  JoinByHalves(block, values, n, [](T* to, const T& from) { *to += from; });
}

}  // namespace univar::cuda
