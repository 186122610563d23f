// Conversions to bfloat16 for every instruction set, see bf16.h.
#include "cpu/bf16.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/bf16.cc"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

#include "cpu/bf16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

uint32_t RoundBits1(uint32_t bits) {
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return bits | 0x00400000u;
  return bits + 0x7FFFu + ((bits >> 16) & 1u);
}

void FloatToBf16(const float* x, uint16_t* y, size_t n) {
  const hn::ScalableTag<uint32_t> du;
  const hn::Rebind<uint16_t, decltype(du)> dh;
  const size_t lanes = hn::Lanes(du);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto bits = hn::LoadU(du, reinterpret_cast<const uint32_t*>(x + i));
    hn::StoreU(hn::TruncateTo(dh, hn::ShiftRight<16>(RoundBits(du, bits))), dh, y + i);
  }
  for (; i < n; ++i) {
    uint32_t bits;
    hwy::CopyBytes<4>(x + i, &bits);
    y[i] = static_cast<uint16_t>(RoundBits1(bits) >> 16);
  }
}

void RoundToBf16(const float* x, float* y, size_t n) {
  const hn::ScalableTag<uint32_t> du;
  const size_t lanes = hn::Lanes(du);
  const auto mask = hn::Set(du, 0xFFFF0000u);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto bits = hn::LoadU(du, reinterpret_cast<const uint32_t*>(x + i));
    hn::StoreU(hn::And(RoundBits(du, bits), mask), du, reinterpret_cast<uint32_t*>(y + i));
  }
  for (; i < n; ++i) {
    uint32_t bits;
    hwy::CopyBytes<4>(x + i, &bits);
    bits = RoundBits1(bits) & 0xFFFF0000u;
    hwy::CopyBytes<4>(&bits, y + i);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace univar {

HWY_EXPORT(FloatToBf16);
HWY_EXPORT(RoundToBf16);

namespace {
constexpr size_t kBlock = 1 << 16;
}

void float_to_bf16_cpu(const float* x, uint16_t* y, size_t n) {
#pragma omp parallel for schedule(static) if (n > kBlock)
  for (size_t i = 0; i < n; i += kBlock)
    HWY_DYNAMIC_DISPATCH(FloatToBf16)(x + i, y + i, n - i < kBlock ? n - i : kBlock);
}

void round_to_bf16_cpu(const float* x, float* y, size_t n) {
#pragma omp parallel for schedule(static) if (n > kBlock)
  for (size_t i = 0; i < n; i += kBlock)
    HWY_DYNAMIC_DISPATCH(RoundToBf16)(x + i, y + i, n - i < kBlock ? n - i : kBlock);
}

}  // namespace univar
#endif  // HWY_ONCE
