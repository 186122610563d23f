// Polynomials of vectors. Included once per instruction set.
#if defined(UNIVAR_POLYNOMIAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef UNIVAR_POLYNOMIAL_INL_H_
#undef UNIVAR_POLYNOMIAL_INL_H_
#else
#define UNIVAR_POLYNOMIAL_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Evaluates the polynomial in x with these coefficients, highest power first, by Horner's rule.
template <class D, class V, typename... Coefficients>
HWY_INLINE V Polynomial(D d, V x, float highest, Coefficients... rest) {
  V p = hn::Set(d, highest);
  ((p = hn::MulAdd(p, x, hn::Set(d, rest))), ...);
  return p;
}

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#endif  // include guard per instruction set
