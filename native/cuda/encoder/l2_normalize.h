// Scales rows to unit length, see ops/l2_normalize.h. One block per row.
#pragma once

#include "cuda/machine/machine.h"
#include "cuda/primitives/block_sums.h"
#include "ops/l2_normalize.h"

namespace univar::cuda {

// Returns max(||x||, 1e-12) of a squared norm. NaN stays NaN.
UNIVAR_HD double NormOf(double square) {
  const double norm = sqrt(square);
  return norm < kMinNorm ? kMinNorm : norm;
}

struct NormalizeRow {
  static constexpr int kThreads = 128;
  const float* x;
  float* y;
  size_t cols;
  static size_t shared_bytes() { return SharedBytes<double>(kThreads); }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    const size_t at = block.index() * cols;
    double* squares = block.template Shared<double>(kThreads);
    block.Each([&](int t) {
      double square = 0.0;
      for (size_t j = t; j < cols; j += kThreads) square += static_cast<double>(x[at + j]) * x[at + j];
      squares[t] = square;
    });
    SumByHalves(block, squares, kThreads);
    const double scale = 1.0 / NormOf(squares[0]);
    block.Each([&](int t) {
      for (size_t j = t; j < cols; j += kThreads) y[at + j] = static_cast<float>(x[at + j] * scale);
    });
  }
};

struct NormalizeGradientRow {
  static constexpr int kThreads = 128;
  const float* x;
  const float* dy;
  float* dx;
  size_t cols;
  static size_t shared_bytes() { return SharedBytes<TwoSums<double>>(kThreads); }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    const size_t at = block.index() * cols;
    TwoSums<double>* sums = block.template Shared<TwoSums<double>>(kThreads);  // of x * x and dy * x
    block.Each([&](int t) {
      TwoSums<double> mine{0.0, 0.0};
      for (size_t j = t; j < cols; j += kThreads) {
        const double value = x[at + j];
        mine += TwoSums<double>{value * value, dy[at + j] * value};
      }
      sums[t] = mine;
    });
    SumByHalves(block, sums, kThreads);
    const double norm = NormOf(sums[0].first), scale = 1.0 / norm, pull = sums[0].second / norm / norm;
    block.Each([&](int t) {
      for (size_t j = t; j < cols; j += kThreads)
        dx[at + j] = static_cast<float>((dy[at + j] - pull * x[at + j]) * scale);
    });
  }
};

template <class Machine>
Status L2Normalize(Machine& machine, ConstMatrix x, Matrix y, const Control& control) {
  if (control.cancelled()) return Status::Aborted();
  return machine.Launch(NormalizeRow{x.data, y.data, x.cols}, x.rows);
}

template <class Machine>
Status L2NormalizeBackward(Machine& machine, ConstMatrix x, ConstMatrix dy, Matrix dx) {
  return machine.Launch(NormalizeGradientRow{x.data, dy.data, dx.data, x.cols}, x.rows);
}

}  // namespace univar::cuda
