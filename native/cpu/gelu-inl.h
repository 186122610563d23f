// The exact GELU for vector kernels. Included once per instruction set.
#if defined(UNIVAR_GELU_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef UNIVAR_GELU_INL_H_
#undef UNIVAR_GELU_INL_H_
#else
#define UNIVAR_GELU_INL_H_
#endif

#include <hwy/highway.h>

#include "cpu/polynomial-inl.h"

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Computes erf(x) as x times a ratio of polynomials in x^2 on [-4, 4]; beyond that range, float32 rounds it to +-1. The
// minimax coefficients are those of Eigen and XLA. The error is below 2e-7.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Erf(D d, V x) {
  x = hn::Max(hn::Min(x, hn::Set(d, 3.832506856900711f)), hn::Set(d, -3.832506856900711f));
  const V y = hn::Mul(x, x);
  const V p = Polynomial(d, y, 0.00022905065861350646f, 0.0034082910107109506f, 0.050955695062380861f,
                         0.18520832239976145f, 1.128379143519084f);
  const V q = Polynomial(d, y, -1.1791602954361697e-7f, 0.000023547966471313185f, 0.0010179625278914885f,
                         0.014070470171167667f, 0.11098505178285362f, 0.49746925110067538f, 1.0f);
  return hn::Div(hn::Mul(x, p), q);
}

// Distribution function of the standard normal distribution.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Phi(D d, V x) {
  return hn::MulAdd(hn::Set(d, 0.5f), Erf(d, hn::Mul(x, hn::Set(d, 0.70710678118654752f))), hn::Set(d, 0.5f));
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V Gelu(D d, V x) {
  return hn::Mul(x, Phi(d, x));
}

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#endif  // include guard per instruction set
