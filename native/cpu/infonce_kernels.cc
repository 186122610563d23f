// See infonce_kernels.h.
#include "cpu/infonce_kernels.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/infonce_kernels.cc"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

#include "cpu/bf16-inl.h"
#include "cpu/exp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using StripTag = hn::CappedTag<float, kStripPad>;

float StripMax(const float* HWY_RESTRICT x, size_t n) {
  const StripTag d;
  auto max = hn::LoadU(d, x);
  for (size_t i = hn::Lanes(d); i < n; i += hn::Lanes(d)) max = hn::Max(max, hn::LoadU(d, x + i));
  return hn::ReduceMax(d, max);
}

// Lanes are added to a double every kFlush entries, so the error does not grow with n.
double StripSumExp(const float* HWY_RESTRICT x, size_t n, float max, float k) {
  constexpr size_t kFlush = 4096;
  const StripTag d;
  const auto vmax = hn::Set(d, max);
  const auto vk = hn::Set(d, k);
  double total = 0.0;
  for (size_t begin = 0; begin < n; begin += kFlush) {
    const size_t end = begin + kFlush < n ? begin + kFlush : n;
    auto sum = hn::Zero(d);
    for (size_t i = begin; i < end; i += hn::Lanes(d)) {
      sum = hn::Add(sum, AccuratePow2(d, hn::Mul(hn::Sub(hn::LoadU(d, x + i), vmax), vk)));
    }
    total += hn::ReduceSum(d, sum);
  }
  return total;
}

float StripCoefficients(float* x, size_t n, float max, float k, float weight, const ColumnTerms* columns) {
  const StripTag d;
  const auto vmax = hn::Set(d, max);
  const auto vk = hn::Set(d, k);
  const auto vweight = hn::Set(d, weight);
  auto sum = hn::Zero(d);
  for (size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto v = hn::LoadU(d, x + i);
    auto g = hn::Mul(AccuratePow2(d, hn::Mul(hn::Sub(v, vmax), vk)), vweight);
    if (columns != nullptr) {
      const auto e = AccuratePow2(d, hn::Mul(hn::Sub(v, hn::LoadU(d, columns->max + i)), vk));
      g = hn::MulAdd(e, hn::LoadU(d, columns->weight + i), g);
    }
    hn::StoreU(g, d, x + i);
    sum = hn::Add(sum, g);
  }
  return hn::ReduceSum(d, sum);
}

// Hashes every lane (multiply and xor-shift rounds).
template <class DU, class V>
HWY_INLINE V Mix(DU du, V v) {
  v = hn::Xor(v, hn::ShiftRight<16>(v));
  v = hn::Mul(v, hn::Set(du, 0x7FEB352Du));
  v = hn::Xor(v, hn::ShiftRight<15>(v));
  v = hn::Mul(v, hn::Set(du, 0x846CA68Bu));
  return hn::Xor(v, hn::ShiftRight<16>(v));
}

// In-place rounding is safe in ascending order: entry i is read at byte 4 i and written at byte 2 i.
size_t StripRoundBf16(float* x, size_t n, float threshold, uint32_t seed, Residual* residuals, size_t capacity) {
  const StripTag d;
  const hn::RebindToUnsigned<StripTag> du;
  const hn::Rebind<uint16_t, StripTag> dh;
  uint16_t* y = reinterpret_cast<uint16_t*>(x);
  const auto vthreshold = hn::Set(d, threshold);
  const auto high = hn::Set(du, 0xFFFF0000u);
  const auto start = Mix(du, hn::Set(du, seed));
  size_t count = 0;
  for (size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto v = hn::LoadU(d, x + i);
    const auto dither = hn::ShiftRight<16>(Mix(du, hn::Add(start, hn::Iota(du, static_cast<uint32_t>(i)))));
    const auto bits = hn::And(hn::Add(hn::BitCast(du, v), dither), high);
    hn::StoreU(hn::TruncateTo(dh, hn::ShiftRight<16>(bits)), dh, y + i);
    const auto large = hn::Gt(v, vthreshold);
    if (HWY_UNLIKELY(!hn::AllFalse(d, large))) {
      HWY_ALIGN float difference[kStripPad];
      uint8_t lanes[8] = {};
      hn::StoreU(hn::Sub(v, hn::BitCast(d, bits)), d, difference);
      hn::StoreMaskBits(d, large, lanes);
      for (size_t lane = 0; lane < hn::Lanes(d); ++lane) {
        if ((lanes[lane / 8] >> (lane % 8) & 1) == 0 || count == capacity) continue;
        residuals[count].column = static_cast<uint32_t>(i + lane);
        residuals[count++].value = difference[lane];
      }
    }
  }
  return count;
}

void StripColumns(const float* HWY_RESTRICT x, size_t rows, size_t stride, size_t columns, float k,
                  float* HWY_RESTRICT max, double* HWY_RESTRICT sum) {
  const StripTag d;
  const auto vk = hn::Set(d, k);
  for (size_t j = 0; j < columns; j += hn::Lanes(d)) {
    const auto old = hn::LoadU(d, max + j);
    auto top = old;
    for (size_t i = 0; i < rows; ++i) top = hn::Max(top, hn::LoadU(d, x + i * stride + j));
    auto added = hn::Zero(d);
    for (size_t i = 0; i < rows; ++i) {
      added = hn::Add(added, AccuratePow2(d, hn::Mul(hn::Sub(hn::LoadU(d, x + i * stride + j), top), vk)));
    }
    HWY_ALIGN float shrink[kStripPad], more[kStripPad];
    hn::Store(AccuratePow2(d, hn::Mul(hn::Sub(old, top), vk)), d, shrink);
    hn::Store(added, d, more);
    for (size_t lane = 0; lane < hn::Lanes(d); ++lane) sum[j + lane] = sum[j + lane] * shrink[lane] + more[lane];
    hn::StoreU(top, d, max + j);
  }
}

// Rounds to the nearest bfloat16. NaN can become infinity, which is equivalent here.
template <class DF, class V>
HWY_INLINE V RoundedToBf16(DF df, V v) {
  const hn::RebindToUnsigned<DF> du;
  return hn::BitCast(df, hn::And(RoundNumberBits(du, hn::BitCast(du, v)), hn::Set(du, 0xFFFF0000u)));
}

// Loads n entries of x, rounded if kRound is set, and fills the rest of the vector with zeros.
template <bool kRound, class DF>
HWY_INLINE hn::Vec<DF> LoadRow(DF df, const float* x, size_t n) {
  const auto v = n >= hn::Lanes(df) ? hn::LoadU(df, x) : hn::LoadN(df, x, n);
  if constexpr (kRound) return RoundedToBf16(df, v);
  return v;
}

using WideTag = hn::ScalableTag<double>;
using NarrowTag = hn::Rebind<float, WideTag>;

template <bool kRound>
double Dot(const float* x, const float* y, size_t n) {
  const WideTag dd;
  const NarrowTag df;
  auto sum = hn::Zero(dd);
  for (size_t i = 0; i < n; i += hn::Lanes(dd)) {
    const auto a = hn::PromoteTo(dd, LoadRow<kRound>(df, x + i, n - i));
    const auto b = hn::PromoteTo(dd, LoadRow<kRound>(df, y + i, n - i));
    sum = hn::MulAdd(a, b, sum);
  }
  return hn::ReduceSum(dd, sum);
}

double RowDot(const float* x, const float* y, size_t n, bool round) {
  return round ? Dot<true>(x, y, n) : Dot<false>(x, y, n);
}

template <bool kRound>
void Add(double* HWY_RESTRICT sum, double factor, const float* HWY_RESTRICT x, size_t n) {
  const WideTag dd;
  const NarrowTag df;
  const auto vfactor = hn::Set(dd, factor);
  for (size_t i = 0; i < n; i += hn::Lanes(dd)) {
    const auto a = hn::PromoteTo(dd, LoadRow<kRound>(df, x + i, n - i));
    const auto old = hn::LoadN(dd, sum + i, n - i);
    hn::StoreN(hn::MulAdd(vfactor, a, old), dd, sum + i, n - i);
  }
}

void RowAdd(double* sum, double factor, const float* x, size_t n, bool round) {
  if (round) {
    Add<true>(sum, factor, x, n);
  } else {
    Add<false>(sum, factor, x, n);
  }
}

template <bool kRound>
void Axpy(float* HWY_RESTRICT y, float factor, const float* HWY_RESTRICT x, size_t n) {
  const hn::ScalableTag<float> df;
  const auto vfactor = hn::Set(df, factor);
  for (size_t i = 0; i < n; i += hn::Lanes(df)) {
    const auto sum = hn::MulAdd(vfactor, LoadRow<kRound>(df, x + i, n - i), LoadRow<false>(df, y + i, n - i));
    hn::StoreN(sum, df, y + i, n - i);
  }
}

void RowAxpy(float* y, float factor, const float* x, size_t n, bool round) {
  if (round) {
    Axpy<true>(y, factor, x, n);
  } else {
    Axpy<false>(y, factor, x, n);
  }
}

bool RowSubtract(float* HWY_RESTRICT y, double factor, const double* HWY_RESTRICT sum, size_t n) {
  const WideTag dd;
  const NarrowTag df;
  const auto vfactor = hn::Set(dd, factor);
  auto check = hn::Zero(df);  // x * 0 is 0 for every finite x and NaN otherwise
  for (size_t i = 0; i < n; i += hn::Lanes(dd)) {
    const auto old = hn::PromoteTo(dd, LoadRow<false>(df, y + i, n - i));
    const auto next = hn::DemoteTo(df, hn::NegMulAdd(vfactor, hn::LoadN(dd, sum + i, n - i), old));
    check = hn::MulAdd(next, hn::Zero(df), check);
    hn::StoreN(next, df, y + i, n - i);
  }
  return hn::ReduceSum(df, check) == 0.0f;
}

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace univar {

HWY_EXPORT(StripMax);
HWY_EXPORT(StripSumExp);
HWY_EXPORT(StripCoefficients);
HWY_EXPORT(StripRoundBf16);
HWY_EXPORT(StripColumns);
HWY_EXPORT(RowDot);
HWY_EXPORT(RowAdd);
HWY_EXPORT(RowAxpy);
HWY_EXPORT(RowSubtract);

float strip_max_cpu(const float* x, size_t n) { return HWY_DYNAMIC_DISPATCH(StripMax)(x, n); }

double strip_sum_exp_cpu(const float* x, size_t n, float max, float k) {
  return HWY_DYNAMIC_DISPATCH(StripSumExp)(x, n, max, k);
}

float strip_coefficients_cpu(float* x, size_t n, float max, float k, float weight, const ColumnTerms* columns) {
  return HWY_DYNAMIC_DISPATCH(StripCoefficients)(x, n, max, k, weight, columns);
}

size_t strip_round_bf16_cpu(float* x, size_t n, float threshold, uint32_t seed, Residual* residuals, size_t capacity) {
  return HWY_DYNAMIC_DISPATCH(StripRoundBf16)(x, n, threshold, seed, residuals, capacity);
}

void strip_columns_cpu(const float* x, size_t rows, size_t stride, size_t columns, float k, float* max, double* sum) {
  HWY_DYNAMIC_DISPATCH(StripColumns)(x, rows, stride, columns, k, max, sum);
}

double row_dot_cpu(const float* x, const float* y, size_t n, bool round) {
  return HWY_DYNAMIC_DISPATCH(RowDot)(x, y, n, round);
}

void row_add_cpu(double* sum, double factor, const float* x, size_t n, bool round) {
  HWY_DYNAMIC_DISPATCH(RowAdd)(sum, factor, x, n, round);
}

void row_axpy_cpu(float* y, float factor, const float* x, size_t n, bool round) {
  HWY_DYNAMIC_DISPATCH(RowAxpy)(y, factor, x, n, round);
}

bool row_subtract_cpu(float* y, double factor, const double* sum, size_t n) {
  return HWY_DYNAMIC_DISPATCH(RowSubtract)(y, factor, sum, n);
}

}  // namespace univar
#endif  // HWY_ONCE
