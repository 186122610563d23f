// Layer normalisation for every instruction set, see ops/layer_norm.h.
#include <omp.h>

#include <algorithm>
#include <cmath>

#include "core/aligned_buffer.h"
#include "core/numbers.h"
#include "cpu/encoder_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/layer_norm.cc"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

#include "cpu/bf16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Loads the vector at x + j and fills lanes past the end of n entries with zeros.
template <class D>
HWY_INLINE hn::Vec<D> LoadTail(D d, const float* x, size_t j, size_t n) {
  return j + hn::Lanes(d) <= n ? hn::LoadU(d, x + j) : hn::LoadN(d, x + j, n - j);
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE void StoreTail(D d, V v, float* y, size_t j, size_t n) {
  if (j + hn::Lanes(d) <= n) {
    hn::StoreU(v, d, y + j);
  } else {
    hn::StoreN(v, d, y + j, n - j);
  }
}

// All values are relative to a pivot p, a first mean of the row in float32. Differences from p are exact for entries
// close to it, so float32 sums keep the variance of a row with a large offset. The small difference between p and the
// mean is corrected afterwards.
void LayerNormRow(const LayerNormForwardArgs& args, size_t i) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d), n = args.x.cols;
  const float* x = args.x.row(i);
  const float* r = args.residual == nullptr ? nullptr : args.residual + i * n;
  float* s = args.sum + i * n;

  auto total = hn::Zero(d);
  for (size_t j = 0; j < n; j += lanes) {
    auto v = LoadTail(d, x, j, n);
    if (r != nullptr) v = hn::Add(v, LoadTail(d, r, j, n));
    StoreTail(d, v, s, j, n);
    total = hn::Add(total, v);
  }
  const float pivot = hn::ReduceSum(d, total) / static_cast<float>(n);

  const auto center = hn::Set(d, pivot);
  auto rest = hn::Zero(d), squares = hn::Zero(d);
  for (size_t j = 0; j < n; j += lanes) {
    auto v = hn::Sub(LoadTail(d, s, j, n), center);
    if (j + lanes > n) v = hn::IfThenElseZero(hn::FirstN(d, n - j), v);
    rest = hn::Add(rest, v);
    squares = hn::MulAdd(v, v, squares);
  }
  const double offset = static_cast<double>(hn::ReduceSum(d, rest)) / static_cast<double>(n);
  const double variance =
      std::max(0.0, static_cast<double>(hn::ReduceSum(d, squares)) / static_cast<double>(n) - offset * offset);
  const double rstd = 1.0 / std::sqrt(variance + args.epsilon);

  const auto scale = hn::Set(d, static_cast<float>(rstd));
  const auto shift = hn::Set(d, static_cast<float>(-offset * rstd));
  for (size_t j = 0; j < n; j += lanes) {
    const auto xhat = hn::MulAdd(hn::Sub(LoadTail(d, s, j, n), center), scale, shift);
    const auto y = hn::MulAdd(xhat, LoadTail(d, args.weight, j, n), LoadTail(d, args.bias, j, n));
    if (args.y != nullptr) StoreTail(d, y, args.y + i * n, j, n);
    if (args.y16 != nullptr) StoreBf16(d, y, args.y16 + i * n + j, n - j);
  }
  if (args.mean != nullptr) args.mean[i] = static_cast<float>(pivot + offset);
  if (args.rstd != nullptr) args.rstd[i] = static_cast<float>(rstd);
}

// Computes one row of the activation gradient and adds the row's share of the parameter gradients to dw and db (null:
// none).
void LayerNormBackwardRow(const LayerNormBackwardArgs& args, size_t i, float* dw, float* db) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d), n = args.dy.cols;
  const float* dy = args.dy.row(i);
  const float* s = args.sum + i * n;
  float* ds = args.dsum + i * n;
  const float mean = args.mean[i], rstd = args.rstd[i];
  const auto vmean = hn::Set(d, mean), vrstd = hn::Set(d, rstd);

  auto sum_g = hn::Zero(d), sum_gx = hn::Zero(d);
  size_t j = 0;
  for (; j + lanes <= n; j += lanes) {
    const auto vdy = hn::LoadU(d, dy + j);
    const auto xhat = hn::Mul(hn::Sub(hn::LoadU(d, s + j), vmean), vrstd);
    const auto g = hn::Mul(vdy, hn::LoadU(d, args.weight + j));
    sum_g = hn::Add(sum_g, g);
    sum_gx = hn::MulAdd(g, xhat, sum_gx);
    if (dw != nullptr) {
      hn::StoreU(hn::MulAdd(vdy, xhat, hn::LoadU(d, dw + j)), d, dw + j);
      hn::StoreU(hn::Add(vdy, hn::LoadU(d, db + j)), d, db + j);
    }
  }
  float total_g = hn::ReduceSum(d, sum_g), total_gx = hn::ReduceSum(d, sum_gx);
  for (; j < n; ++j) {
    const float xhat = (s[j] - mean) * rstd;
    total_g += dy[j] * args.weight[j];
    total_gx += dy[j] * args.weight[j] * xhat;
    if (dw != nullptr) {
      dw[j] += dy[j] * xhat;
      db[j] += dy[j];
    }
  }
  const float mean_g = total_g / static_cast<float>(n), mean_gx = total_gx / static_cast<float>(n);
  const auto vg = hn::Set(d, mean_g), vgx = hn::Set(d, mean_gx);
  for (j = 0; j < n; j += lanes) {
    const auto xhat = hn::Mul(hn::Sub(LoadTail(d, s, j, n), vmean), vrstd);
    const auto g = hn::Mul(LoadTail(d, dy, j, n), LoadTail(d, args.weight, j, n));
    const auto v = hn::Mul(vrstd, hn::NegMulAdd(xhat, vgx, hn::Sub(g, vg)));
    StoreTail(d, v, ds, j, n);
    if (args.dsum16 != nullptr) StoreBf16(d, v, args.dsum16 + i * n + j, n - j);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace univar {

HWY_EXPORT(LayerNormRow);
HWY_EXPORT(LayerNormBackwardRow);

Status layer_norm_forward_cpu(const LayerNormForwardArgs& args) {
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < args.x.rows; ++i) HWY_DYNAMIC_DISPATCH(LayerNormRow)(args, i);
  return Status::Ok();
}

Status layer_norm_backward_cpu(const LayerNormBackwardArgs& args) {
  const size_t rows = args.dy.rows, cols = args.dy.cols;
  // Each block of rows has its own sums, which are added in order, so the result does not depend on the number of
  // threads.
  constexpr size_t kBlocks = 16;
  const size_t height = CeilDivide(rows, kBlocks);
  const bool parameters = args.dweight != nullptr;
  // The calling thread keeps these few kilobytes, so that a training step allocates nothing.
  static thread_local AlignedBuffer<float> held;
  float* sums = nullptr;
  if (parameters) {
    if (Status s = held.Reserve(2 * kBlocks * cols, "layer norm gradients"); !s.ok()) return s;
    sums = held.data();  // other threads of the team would see their own thread_local variable
    std::fill_n(sums, 2 * kBlocks * cols, 0.0f);
  }
#pragma omp parallel for schedule(static)
  for (size_t block = 0; block < kBlocks; ++block) {
    float* dw = parameters ? sums + 2 * block * cols : nullptr;
    float* db = parameters ? dw + cols : nullptr;
    for (size_t i = block * height; i < std::min(rows, (block + 1) * height); ++i) {
      HWY_DYNAMIC_DISPATCH(LayerNormBackwardRow)(args, i, dw, db);
    }
  }
  if (parameters) {
    for (size_t block = 0; block < kBlocks; ++block) {
      for (size_t j = 0; j < cols; ++j) {
        args.dweight[j] += sums[2 * block * cols + j];
        args.dbias[j] += sums[(2 * block + 1) * cols + j];
      }
    }
  }
  return Status::Ok();
}

}  // namespace univar
#endif  // HWY_ONCE
