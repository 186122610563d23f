// Exponentials for kernels that take many. Included once per instruction set.
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

// 2^x for x <= 127; smaller than -126 counts as -126, the least exponent of a normal float. Relative error < 2e-7.
//
// x = n + f with |f| <= 1/2; 2^f is the polynomial of degree 5 with the least relative error among those that are 1 at
// f = 0, and n goes straight into the exponent. Twice as fast as hn::Exp, which reduces in two steps.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Pow2(D d, V x) {
  const hn::RebindToSigned<D> di;
  // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits; shifted by 23 they are an exponent.
  const V magic = hn::Set(d, 12582912.0f);
  x = hn::Max(hn::Set(d, -126.0f), x);  // in this order, x86 keeps a NaN in x
  const V shifted = hn::Add(x, magic);
  const V f = hn::Sub(x, hn::Sub(shifted, magic));
  const V p = Polynomial(d, f, 0.001326472731307149f, 0.009671512991189957f, 0.05550733581185341f, 0.24022242426872253f,
                         0.6931470036506653f, 1.0f);
  return hn::BitCast(d, hn::Add(hn::BitCast(di, p), hn::ShiftLeft<23>(hn::BitCast(di, shifted))));
}

// The same to within 1 unit in the last place, for x <= 0 or little above; 0 for x <= -127, and -infinity gives 0.
//
// The polynomial is the relative minimax of 2^f on [-1/2, 1/2] with p(0) = 1 (fitted for this file; 2e-9 before
// rounding). A comparison instead of Max keeps NaN, whichever operand order Max has.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V AccuratePow2(D d, V x) {
  const hn::RebindToSigned<D> di;
  const V lowest = hn::Set(d, -127.0f);  // whose exponent bits are 0, so the result is 0
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
