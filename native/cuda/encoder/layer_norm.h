// Layer normalisation, see ops/layer_norm.h. One block per row. A thread reads only columns that it wrote itself, so
// rows need no shared memory.
#pragma once

#include "cuda/primitives/block_sums.h"
#include "cuda/primitives/column_sums.h"
#include "ops/layer_norm.h"

namespace univar::cuda {

// All values are relative to a pivot, a first mean of the row in float32. Differences from the pivot are exact for
// entries close to it, so rows with a large offset keep their variance. The small difference between the pivot and the
// mean is corrected afterwards.
template <int kBlockThreads>
struct LayerNormRow {
  static constexpr int kThreads = kBlockThreads;
  LayerNormForwardArgs args;
  static size_t shared_bytes() {
    return SharedBytes<float>(kThreads) + SharedBytes<TwoSums<float>>(kThreads) + SharedBytes<float>(2);
  }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    const size_t row = block.index(), n = args.x.cols, at = row * n;
    const float* x = args.x.data + at;
    const float* r = args.residual == nullptr ? nullptr : args.residual + at;
    float* s = args.sum + at;
    const bool in_place = r == nullptr && x == s;
    float* totals = block.template Shared<float>(kThreads);
    TwoSums<float>* moments = block.template Shared<TwoSums<float>>(kThreads);
    float* affine = block.template Shared<float>(2);  // xhat = (s - pivot) * affine[0] + affine[1]

    block.Each([&](int t) {
      float total = 0.0f;
      for (size_t j = t; j < n; j += kThreads) {
        const float v = r == nullptr ? x[j] : x[j] + r[j];
        if (!in_place) s[j] = v;
        total += v;
      }
      totals[t] = total;
    });
    SumByHalves(block, totals, kThreads);
    const float pivot = totals[0] / static_cast<float>(n);
    block.Each([&](int t) {
      TwoSums<float> mine{0.0f, 0.0f};
      for (size_t j = t; j < n; j += kThreads) {
        const float v = s[j] - pivot;
        mine += TwoSums<float>{v, v * v};
      }
      moments[t] = mine;
    });
    SumByHalves(block, moments, kThreads);
    block.Each([&](int t) {
      if (t != 0) return;
      const double count = static_cast<double>(n), offset = moments[0].first / count;
      const double variance = moments[0].second / count - offset * offset;
      const double rstd = 1.0 / sqrt((variance < 0.0 ? 0.0 : variance) + args.epsilon);
      affine[0] = static_cast<float>(rstd);
      affine[1] = static_cast<float>(-offset * rstd);
      if (args.mean != nullptr) args.mean[row] = static_cast<float>(pivot + offset);
      if (args.rstd != nullptr) args.rstd[row] = static_cast<float>(rstd);
    });
    block.Each([&](int t) {
      for (size_t j = t; j < n; j += kThreads) {
        const float xhat = (s[j] - pivot) * affine[0] + affine[1];
        Store(xhat * args.weight[j] + args.bias[j], {args.y, args.y16}, at + j);
      }
    });
  }
};

template <int kBlockThreads>
struct LayerNormGradientRow {
  static constexpr int kThreads = kBlockThreads;
  LayerNormBackwardArgs args;
  static size_t shared_bytes() { return SharedBytes<TwoSums<float>>(kThreads); }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    const size_t row = block.index(), n = args.dy.cols, at = row * n;
    const float* dy = args.dy.data + at;
    const float* s = args.sum + at;
    const float mean = args.mean[row], rstd = args.rstd[row];
    TwoSums<float>* sums = block.template Shared<TwoSums<float>>(kThreads);  // of g and g * xhat

    block.Each([&](int t) {
      TwoSums<float> mine{0.0f, 0.0f};
      for (size_t j = t; j < n; j += kThreads) {
        const float g = dy[j] * args.weight[j];
        mine += TwoSums<float>{g, g * ((s[j] - mean) * rstd)};
      }
      sums[t] = mine;
    });
    SumByHalves(block, sums, kThreads);
    const float mean_g = sums[0].first / static_cast<float>(n), mean_gx = sums[0].second / static_cast<float>(n);
    block.Each([&](int t) {
      for (size_t j = t; j < n; j += kThreads) {
        const float g = dy[j] * args.weight[j], xhat = (s[j] - mean) * rstd;
        Store(rstd * (g - mean_g - xhat * mean_gx), {args.dsum, args.dsum16}, at + j);
      }
    });
  }
};

// The terms dy * xhat and dy, whose sums are dw and db.
struct LayerNormParameterTerms {
  static constexpr int kSums = 2;
  LayerNormBackwardArgs args;
  UNIVAR_HD void Add(size_t row, size_t column, double* sums) const {
    const size_t at = row * args.dy.cols + column;
    const double dy = args.dy.data[at];
    sums[0] += dy * ((args.sum[at] - args.mean[row]) * args.rstd[row]);
    sums[1] += dy;
  }
};

// Launches one block per row, with a size that gives each thread about four columns.
template <template <int> class Body, class Machine, class Args>
Status LaunchRows(Machine& machine, const Args& args, size_t rows, size_t cols) {
  if (cols <= 128) return machine.Launch(Body<32>{args}, rows);
  if (cols <= 512) return machine.Launch(Body<128>{args}, rows);
  return machine.Launch(Body<256>{args}, rows);
}

template <class Machine>
Status LayerNormForward(Machine& machine, const LayerNormForwardArgs& args) {
  return LaunchRows<LayerNormRow>(machine, args, args.x.rows, args.x.cols);
}

// Uses Scratch.
template <class Machine>
Status LayerNormBackward(Machine& machine, const LayerNormBackwardArgs& args) {
  const size_t rows = args.dy.rows, cols = args.dy.cols;
  if (args.dweight != nullptr) {
    // This comes first, because dsum can overwrite dy.
    UNIVAR_TRY(
        AddColumnTerms(machine, LayerNormParameterTerms{args}, rows, cols, AddTo<2>{{args.dweight, args.dbias}}));
  }
  return LaunchRows<LayerNormGradientRow>(machine, args, rows, cols);
}

}  // namespace univar::cuda
