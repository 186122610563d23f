// Rounding to bfloat16 inside kernels. Included once per instruction set.
#if defined(UNIVAR_BF16_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef UNIVAR_BF16_INL_H_
#undef UNIVAR_BF16_INL_H_
#else
#define UNIVAR_BF16_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Rounds float bits to the nearest bfloat16 (ties to even) in the upper half. The lower half is undefined, and so is
// the result for NaN. Uses integers, because the conversion instructions of some targets flush denormals or truncate.
template <class D, class V>
HWY_INLINE V RoundNumberBits(D du, V bits) {
  const V odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1u));
  return hn::Add(bits, hn::Add(hn::Set(du, 0x7FFFu), odd));
}

// The same, but NaN stays NaN.
template <class D, class V>
HWY_INLINE V RoundBits(D du, V bits) {
  const auto is_nan = hn::Gt(hn::And(bits, hn::Set(du, 0x7FFFFFFFu)), hn::Set(du, 0x7F800000u));
  return hn::IfThenElse(is_nan, hn::Or(bits, hn::Set(du, 0x00400000u)), RoundNumberBits(du, bits));
}

// Converts bfloat16 bits to floats.
template <class D, class H>
HWY_INLINE hn::Vec<D> WidenHalves(D d, H half) {
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(hn::RebindToUnsigned<D>(), half)));
}

// Loads `count` bfloat16 entries as floats and fills the rest of the vector with zeros.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V LoadBf16(D d, const uint16_t* x, size_t count) {
  const hn::Rebind<uint16_t, D> dh;
  return WidenHalves(d, count >= hn::Lanes(d) ? hn::LoadU(dh, x) : hn::LoadN(dh, x, count));
}

// Stores the first `count` lanes as bfloat16 bits.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void StoreBf16(D d, V v, uint16_t* y, size_t count) {
  const hn::RebindToUnsigned<D> du;
  const hn::Rebind<uint16_t, D> dh;
  const auto half = hn::TruncateTo(dh, hn::ShiftRight<16>(RoundBits(du, hn::BitCast(du, v))));
  if (count >= hn::Lanes(d)) {
    hn::StoreU(half, dh, y);
  } else {
    hn::StoreN(half, dh, y, count);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#endif  // include guard per instruction set
