// bfloat16 and float16 as raw bits, and arithmetic that must round identically on device and host.
#pragma once

#include "cuda/machine/block.h"
#ifdef __CUDACC__
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#endif

namespace univar::cuda {

using Bf16 = uint16_t;
using F16 = uint16_t;

// Type of a 16-bit operand.
enum class Half { kBf16, kF16 };

// Rounds as in core/numbers.h. The device has instructions for it.
UNIVAR_HD Bf16 ToBf16(float x) {
#ifdef __CUDA_ARCH__
  return __bfloat16_as_ushort(__float2bfloat16_rn(x));
#else
  return RoundToBf16(x);
#endif
}
UNIVAR_HD float FromBf16(Bf16 x) { return WidenBf16(x); }

UNIVAR_HD F16 ToF16(float x) {
#ifdef __CUDA_ARCH__
  return __half_as_ushort(__float2half_rn(x));
#else
  return RoundToF16(x);
#endif
}
UNIVAR_HD float FromF16(F16 x) {
#ifdef __CUDA_ARCH__
  return __half2float(__ushort_as_half(x));
#else
  return WidenF16(x);
#endif
}

template <Half kHalf>
UNIVAR_HD float FromHalf(uint16_t x) {
  return kHalf == Half::kBf16 ? FromBf16(x) : FromF16(x);
}

// Returns a product that no compiler fuses with a following addition.
UNIVAR_HD double RoundedProduct(double a, double b) {
#ifdef __CUDA_ARCH__
  return __dmul_rn(a, b);
#else
  return a * b;  // the host build does not allow fusing
#endif
}

// Returns the smallest float that is not below x >= 0, or the next larger one.
UNIVAR_HD float RoundedUp(double x) {
  const float y = static_cast<float>(x);
  return y < x ? FloatOf(BitsOf(y) + 1) : y;
}

// Distribution function of the standard normal distribution; GELU is x Phi(x).
UNIVAR_HD float Phi(float x) { return 0.5f + 0.5f * erff(x * 0.70710678f); }

UNIVAR_HD bool IsFinite(double x) { return x - x == 0.0; }

UNIVAR_HD float MinusInfinity() { return FloatOf(0xFF800000u); }

}  // namespace univar::cuda
