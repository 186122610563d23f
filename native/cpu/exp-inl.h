// A short exponential for kernels that take many. Included once per instruction set.
#if defined(UNIVAR_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef UNIVAR_EXP_INL_H_
#undef UNIVAR_EXP_INL_H_
#else
#define UNIVAR_EXP_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr float kLog2E = 1.44269504088896341f;

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
  V p = hn::Set(d, 0.001326472731307149f);
  p = hn::MulAdd(p, f, hn::Set(d, 0.009671512991189957f));
  p = hn::MulAdd(p, f, hn::Set(d, 0.05550733581185341f));
  p = hn::MulAdd(p, f, hn::Set(d, 0.24022242426872253f));
  p = hn::MulAdd(p, f, hn::Set(d, 0.6931470036506653f));
  p = hn::MulAdd(p, f, hn::Set(d, 1.0f));
  return hn::BitCast(d, hn::Add(hn::BitCast(di, p), hn::ShiftLeft<23>(hn::BitCast(di, shifted))));
}

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#endif  // include guard per instruction set
