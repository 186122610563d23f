// l2_normalize for every instruction set, see ops/l2_normalize.h.
#include <algorithm>
#include <cmath>

#include "cpu/kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/l2_normalize.cc"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

double SquaredNorm(const float* HWY_RESTRICT x, size_t n) {
  const hn::ScalableTag<double> dd;
  const hn::Rebind<float, decltype(dd)> df;
  const size_t lanes = hn::Lanes(dd);
  auto sum = hn::Zero(dd);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto v = hn::PromoteTo(dd, hn::LoadU(df, x + i));
    sum = hn::MulAdd(v, v, sum);
  }
  double total = hn::ReduceSum(dd, sum);
  for (; i < n; ++i) total += static_cast<double>(x[i]) * x[i];
  return total;
}

void ScaleRow(const float* HWY_RESTRICT x, double factor, float* y, size_t n) {
  const hn::ScalableTag<double> dd;
  const hn::Rebind<float, decltype(dd)> df;
  const size_t lanes = hn::Lanes(dd);
  const auto scale = hn::Set(dd, factor);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    hn::StoreU(hn::DemoteTo(df, hn::Mul(hn::PromoteTo(dd, hn::LoadU(df, x + i)), scale)), df, y + i);
  }
  for (; i < n; ++i) y[i] = static_cast<float>(x[i] * factor);
}

void NormalizeRow(const float* x, float* y, size_t n) {
  ScaleRow(x, 1.0 / std::max(std::sqrt(SquaredNorm(x, n)), kMinNorm), y, n);
}

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace univar {

HWY_EXPORT(NormalizeRow);

Status l2_normalize_cpu(ConstMatrix x, Matrix y, const Control& control) {
  constexpr size_t kChunk = 4096;  // rows between two checks of the control block
  for (size_t begin = 0; begin < x.rows; begin += kChunk) {
    if (control.cancelled()) return Status::Aborted();
    const size_t end = std::min(begin + kChunk, x.rows);
#pragma omp parallel for schedule(static)
    for (size_t i = begin; i < end; ++i) HWY_DYNAMIC_DISPATCH(NormalizeRow)(x.row(i), y.row(i), x.cols);
    control.report(static_cast<int64_t>(end));
  }
  return Status::Ok();
}

}  // namespace univar
#endif  // HWY_ONCE
