// Pools token vectors to one vector per sequence, see ops/pooling.h. A thread computes one column of a sequence, so
// sums are in token order.
#pragma once

#include "cuda/primitives/elementwise.h"
#include "ops/pooling.h"

namespace univar::cuda {

struct PoolElement {
  static constexpr size_t kEach = 1;
  const float* hidden;
  const int32_t* offsets;
  Pooling pooling;
  float* y;
  size_t cols;
  UNIVAR_HD void operator()(size_t sequence, size_t j) const {
    const size_t begin = offsets[sequence], end = offsets[sequence + 1];
    y[sequence * cols + j] = begin < end ? Pooled(begin, end, j) : 0.0f;
  }
  UNIVAR_HD float Pooled(size_t begin, size_t end, size_t j) const {
    switch (pooling) {
      case Pooling::kMean: {
        double sum = 0.0;
        for (size_t t = begin; t < end; ++t) sum += hidden[t * cols + j];
        return static_cast<float>(sum / static_cast<double>(end - begin));
      }
      case Pooling::kCls: return hidden[begin * cols + j];
    }
    UNIVAR_UNREACHABLE();
  }
};

struct PoolGradientElement {
  static constexpr size_t kEach = 1;
  const float* dy;
  const int32_t* offsets;
  Pooling pooling;
  float* dhidden;
  size_t cols;
  UNIVAR_HD void operator()(size_t sequence, size_t j) const {
    const size_t begin = offsets[sequence], end = offsets[sequence + 1];
    const float gradient = dy[sequence * cols + j];
    float first = 0.0f, others = 0.0f;
    switch (pooling) {
      case Pooling::kMean: first = others = gradient / static_cast<float>(end - begin); break;
      case Pooling::kCls: first = gradient; break;
    }
    for (size_t t = begin; t < end; ++t) dhidden[t * cols + j] = t == begin ? first : others;
  }
};

// `offsets` is in the machine's memory.
template <class Machine>
Status Pool(Machine& machine, ConstMatrix hidden, const int32_t* offsets, Pooling pooling, Matrix y,
            const Control& control) {
  if (control.cancelled()) return Status::Aborted();
  return ForEach(machine, PoolElement{hidden.data, offsets, pooling, y.data, y.cols}, y.rows, y.cols);
}

template <class Machine>
Status PoolBackward(Machine& machine, ConstMatrix dy, const int32_t* offsets, Pooling pooling, Matrix dhidden) {
  return ForEach(machine, PoolGradientElement{dy.data, offsets, pooling, dhidden.data, dy.cols}, dy.rows, dy.cols);
}

}  // namespace univar::cuda
