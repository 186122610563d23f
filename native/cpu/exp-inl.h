// Vector exponentials. Included once per instruction set.
#if defined(UNIVAR_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef UNIVAR_EXP_INL_H_
#undef UNIVAR_EXP_INL_H_
#else
#define UNIVAR_EXP_INL_H_
#endif

#include <hwy/highway.h>

#include "core/numbers.h"
#include "cpu/polynomial-inl.h"

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Returns 2^x for x <= 127. Values below -126, the smallest exponent of a normal float, count as -126. The relative
// error is below 2e-7.
//
// x is split into n + f with |f| <= 1/2. 2^f is the polynomial of degree 5 with the smallest relative error among those
// that are 1 at f = 0, and n is added to the exponent bits. Twice as fast as hn::Exp, which reduces in two steps.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Pow2(D d, V x) {
  const hn::RebindToSigned<D> di;
  // Adding 1.5 * 2^23 rounds to an integer in the low bits. Shifted by 23 bits, it becomes an exponent.
  const V magic = hn::Set(d, 12582912.0f);
  x = hn::Max(hn::Set(d, -126.0f), x);  // with this operand order, x86 keeps a NaN in x
  const V shifted = hn::Add(x, magic);
  const V f = hn::Sub(x, hn::Sub(shifted, magic));
  const V p = Polynomial(d, f, 0.001326472731307149f, 0.009671512991189957f, 0.05550733581185341f, 0.24022242426872253f,
                         0.6931470036506653f, 1.0f);
  return hn::BitCast(d, hn::Add(hn::BitCast(di, p), hn::ShiftLeft<23>(hn::BitCast(di, shifted))));
}

// The same to within 1 unit in the last place, for x at most slightly above 0. Returns 0 for x <= -127 and -infinity.
//
// The polynomial has the smallest maximum relative error for 2^f on [-1/2, 1/2] with p(0) = 1 (fitted for this file;
// 2e-9 before rounding). A comparison keeps NaN on every target, whereas Max depends on the operand order.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V AccuratePow2(D d, V x) {
  const hn::RebindToSigned<D> di;
  const V lowest = hn::Set(d, -127.0f);  // its exponent bits are 0, so the result is 0
  x = hn::IfThenElse(hn::Lt(x, lowest), lowest, x);
  const auto n = hn::NearestInt(x);
  const V f = hn::Sub(x, hn::ConvertTo(d, n));
  const V p =
      Polynomial(d, f, 0.00015353362f, 0.0013398875f, 0.00961843692f, 0.0555033237f, 0.240226477f, 0.693147182f, 1.0f);
  return hn::Mul(p, hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(n, hn::Set(di, 127)))));
}

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#endif  // include guard per instruction set
