// From token vectors to one vector per sequence, see ops/pooling.h. A thread has a column of a sequence, so sums run in
// token order.
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
    float value = 0.0f;
    if (begin < end && pooling == Pooling::kCls) {
      value = hidden[begin * cols + j];
    } else if (begin < end) {
      double sum = 0.0;
      for (size_t t = begin; t < end; ++t) sum += hidden[t * cols + j];
      value = static_cast<float>(sum / static_cast<double>(end - begin));
    }
    y[sequence * cols + j] = value;
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
    const float share = gradient / static_cast<float>(end - begin);
    for (size_t t = begin; t < end; ++t)
      dhidden[t * cols + j] = pooling == Pooling::kMean ? share : t == begin ? gradient : 0.0f;
  }
};

// `offsets` is the machine's memory.
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
