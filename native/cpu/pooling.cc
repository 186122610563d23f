// Mean and CLS pooling for every instruction set, see ops/pooling.h.
#include <algorithm>
#include <cstring>

#include "cpu/kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/pooling.cc"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Works on groups of columns, so that the sums stay in registers and the result does not depend on the vector width.
void MeanRows(const float* HWY_RESTRICT h, size_t tokens, size_t cols, float* HWY_RESTRICT y) {
  const hn::ScalableTag<double> dd;
  const hn::Rebind<float, decltype(dd)> df;
  const size_t lanes = hn::Lanes(dd);
  const double inverse = 1.0 / static_cast<double>(tokens);
  size_t j = 0;
  for (; j + lanes <= cols; j += lanes) {
    auto sum = hn::Zero(dd);
    for (size_t t = 0; t < tokens; ++t) sum = hn::Add(sum, hn::PromoteTo(dd, hn::LoadU(df, h + t * cols + j)));
    hn::StoreU(hn::DemoteTo(df, hn::Mul(sum, hn::Set(dd, inverse))), df, y + j);
  }
  for (; j < cols; ++j) {
    double sum = 0.0;
    for (size_t t = 0; t < tokens; ++t) sum += h[t * cols + j];
    y[j] = static_cast<float>(sum * inverse);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace univar {

HWY_EXPORT(MeanRows);

Status pool_cpu(ConstMatrix hidden, const int32_t* offsets, Pooling pooling, Matrix y, const Control& control) {
  if (control.cancelled()) return Status::Aborted();
#pragma omp parallel for schedule(dynamic, 16)
  for (size_t s = 0; s < y.rows; ++s) {
    const size_t begin = static_cast<size_t>(offsets[s]);
    const size_t tokens = static_cast<size_t>(offsets[s + 1]) - begin;
    if (tokens == 0) {
      std::fill_n(y.row(s), y.cols, 0.0f);
      continue;
    }
    switch (pooling) {
      case Pooling::kMean: HWY_DYNAMIC_DISPATCH(MeanRows)(hidden.row(begin), tokens, y.cols, y.row(s)); break;
      case Pooling::kCls: std::memcpy(y.row(s), hidden.row(begin), y.cols * sizeof(float)); break;
    }
  }
  return Status::Ok();
}

}  // namespace univar
#endif  // HWY_ONCE
