// bfloat16 and float16 as raw bits, and arithmetic that must round the same on device and host.
#pragma once

#include "cuda/machine/block.h"
#ifdef __CUDACC__
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#endif

namespace univar::cuda {

using Bf16 = uint16_t;
using F16 = uint16_t;

// What 16 bits of an operand mean.
enum class Half { kBf16, kF16 };

UNIVAR_HD uint32_t BitsOf(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}
UNIVAR_HD float FloatOf(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

// Nearest, ties to even; beyond the largest finite value it is infinite. NaN stays NaN.
UNIVAR_HD Bf16 ToBf16(float x) {
#ifdef __CUDA_ARCH__
  return __bfloat16_as_ushort(__float2bfloat16_rn(x));
#else
  const uint32_t bits = BitsOf(x);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return static_cast<Bf16>((bits >> 16) | 0x40u);
  return static_cast<Bf16>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
#endif
}
UNIVAR_HD float FromBf16(Bf16 x) { return FloatOf(static_cast<uint32_t>(x) << 16); }

// Likewise; largest finite value 65504, smallest normal 2^-14, smallest subnormal 2^-24.
UNIVAR_HD F16 ToF16(float x) {
#ifdef __CUDA_ARCH__
  return __half_as_ushort(__float2half_rn(x));
#else
  const uint32_t bits = BitsOf(x), sign = bits >> 16 & 0x8000u, size = bits & 0x7FFFFFFFu;
  if (size > 0x7F800000u) return static_cast<F16>(sign | 0x7E00u);
  if (size >= BitsOf(65520.0f)) return static_cast<F16>(sign | 0x7C00u);
  // The sum has its last bit at 2^-24, so the addition rounds.
  if (size < BitsOf(0x1p-14f)) return static_cast<F16>(sign | (BitsOf(FloatOf(size) + 0.5f) - BitsOf(0.5f)));
  return static_cast<F16>(sign | ((size - BitsOf(0x1p-15f) + 0xFFFu + (size >> 13 & 1u)) >> 13));
#endif
}
UNIVAR_HD float FromF16(F16 x) {
#ifdef __CUDA_ARCH__
  return __half2float(__ushort_as_half(x));
#else
  const uint32_t sign = (x & 0x8000u) << 16, size = (x & 0x7FFFu) << 13;
  if (size >= 0x7C00u << 13) return FloatOf(sign | 0x7F800000u | size);
  return FloatOf(sign | BitsOf(FloatOf(size) * 0x1p112f));
#endif
}

template <Half kHalf>
UNIVAR_HD float FromHalf(uint16_t x) {
  return kHalf == Half::kBf16 ? FromBf16(x) : FromF16(x);
}

// A product that no compiler fuses with the sum that it goes to.
UNIVAR_HD double RoundedProduct(double a, double b) {
#ifdef __CUDA_ARCH__
  return __dmul_rn(a, b);
#else
  return a * b;  // the build of the host forbids fusing
#endif
}

// Smallest float that is not below x >= 0, give or take one more step.
UNIVAR_HD float RoundedUp(double x) {
  const float y = static_cast<float>(x);
  return y < x ? FloatOf(BitsOf(y) + 1) : y;
}

// Distribution function of the standard normal, of which GELU is x Phi(x).
UNIVAR_HD float Phi(float x) { return 0.5f + 0.5f * erff(x * 0.70710678f); }

UNIVAR_HD bool IsFinite(double x) { return x - x == 0.0; }

UNIVAR_HD float MinusInfinity() { return FloatOf(0xFF800000u); }

}  // namespace univar::cuda
