// Double-precision sums in a fixed order for every instruction set, see topk_exact.h.
//
// The 32 partial sums are in vectors of 2, 4 or 8 doubles. At most four vectors are processed at a time, so narrow
// instruction sets read the row two or four times (it stays in the first-level cache). All of them form the same 32
// sums.
#include "cpu/topk_exact.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/topk_exact.cc"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr size_t kSums = 32;
using D = hn::CappedTag<double, 8>;
using DF = hn::Rebind<float, D>;
using V = hn::Vec<D>;

// The terms of the three sums. The build does not allow the compiler to fuse Mul and Add (-ffp-contract=off).
struct Dot {
  const double* q;
  const float* b;
  V Add(V sum, size_t i) const {
    return hn::MulAdd(hn::LoadU(D(), q + i), hn::PromoteTo(D(), hn::LoadU(DF(), b + i)), sum);
  }
  double Add(double sum, size_t i) const { return sum + q[i] * b[i]; }
};
struct Distance {
  const double* q;
  const float* b;
  V Add(V sum, size_t i) const {
    const V d = hn::Sub(hn::LoadU(D(), q + i), hn::PromoteTo(D(), hn::LoadU(DF(), b + i)));
    return hn::Add(sum, hn::Mul(d, d));
  }
  double Add(double sum, size_t i) const {
    const double d = q[i] - b[i];
    return sum + d * d;
  }
};
struct Square {
  const float* b;
  V Add(V sum, size_t i) const {
    const V x = hn::PromoteTo(D(), hn::LoadU(DF(), b + i));
    return hn::MulAdd(x, x, sum);
  }
  double Add(double sum, size_t i) const { return sum + static_cast<double>(b[i]) * b[i]; }
};

template <class Term>
HWY_INLINE double Sum(const Term term, size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  HWY_ALIGN double sums[kSums];
  const size_t whole = n - n % kSums;
  for (size_t j = 0; j < kSums; j += 4 * lanes) {
    V s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
    for (size_t i = j; i < whole; i += kSums) {
      s0 = term.Add(s0, i);
      s1 = term.Add(s1, i + lanes);
      s2 = term.Add(s2, i + 2 * lanes);
      s3 = term.Add(s3, i + 3 * lanes);
    }
    hn::Store(s0, d, sums + j);
    hn::Store(s1, d, sums + j + lanes);
    hn::Store(s2, d, sums + j + 2 * lanes);
    hn::Store(s3, d, sums + j + 3 * lanes);
  }
  for (size_t i = whole; i < n; ++i) sums[i - whole] = term.Add(sums[i - whole], i);
  for (size_t half = kSums / 2; half > 0; half /= 2) {
    for (size_t j = 0; j < half; ++j) sums[j] += sums[j + half];
  }
  return sums[0];
}

double ExactDot(const double* q, const float* b, size_t n) { return Sum(Dot{q, b}, n); }
double ExactSquaredDistance(const double* q, const float* b, size_t n) { return Sum(Distance{q, b}, n); }
double ExactSquaredNorm(const float* b, size_t n) { return Sum(Square{b}, n); }

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace univar {

HWY_EXPORT(ExactDot);
HWY_EXPORT(ExactSquaredDistance);
HWY_EXPORT(ExactSquaredNorm);

double exact_dot(const double* q, const float* b, size_t n) { return HWY_DYNAMIC_DISPATCH(ExactDot)(q, b, n); }
double exact_squared_distance(const double* q, const float* b, size_t n) {
  return HWY_DYNAMIC_DISPATCH(ExactSquaredDistance)(q, b, n);
}
double exact_squared_norm(const float* b, size_t n) { return HWY_DYNAMIC_DISPATCH(ExactSquaredNorm)(b, n); }

}  // namespace univar
#endif  // HWY_ONCE
