// Conversions to bfloat16 for every instruction set, see bf16.h.
#include "cpu/bf16.h"

#include "core/numbers.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/bf16.cc"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

#include "cpu/bf16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void NarrowFloats(const float* x, uint16_t* y, size_t n) {
  const hn::ScalableTag<uint32_t> du;
  const hn::Rebind<uint16_t, decltype(du)> dh;
  const size_t lanes = hn::Lanes(du);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto bits = hn::LoadU(du, reinterpret_cast<const uint32_t*>(x + i));
    hn::StoreU(hn::TruncateTo(dh, hn::ShiftRight<16>(RoundBits(du, bits))), dh, y + i);
  }
  for (; i < n; ++i) y[i] = RoundToBf16(x[i]);
}

void RoundFloats(const float* x, float* y, size_t n) {
  const hn::ScalableTag<uint32_t> du;
  const size_t lanes = hn::Lanes(du);
  const auto mask = hn::Set(du, 0xFFFF0000u);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto bits = hn::LoadU(du, reinterpret_cast<const uint32_t*>(x + i));
    hn::StoreU(hn::And(RoundBits(du, bits), mask), du, reinterpret_cast<uint32_t*>(y + i));
  }
  for (; i < n; ++i) y[i] = WidenBf16(RoundToBf16(x[i]));
}

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace univar {

HWY_EXPORT(NarrowFloats);
HWY_EXPORT(RoundFloats);

namespace {
constexpr size_t kBlock = 1 << 16;
}

void float_to_bf16_cpu(const float* x, uint16_t* y, size_t n) {
#pragma omp parallel for schedule(static) if (n > kBlock)
  for (size_t i = 0; i < n; i += kBlock)
    HWY_DYNAMIC_DISPATCH(NarrowFloats)(x + i, y + i, n - i < kBlock ? n - i : kBlock);
}

void round_to_bf16_cpu(const float* x, float* y, size_t n) {
#pragma omp parallel for schedule(static) if (n > kBlock)
  for (size_t i = 0; i < n; i += kBlock)
    HWY_DYNAMIC_DISPATCH(RoundFloats)(x + i, y + i, n - i < kBlock ? n - i : kBlock);
}

}  // namespace univar
#endif  // HWY_ONCE
