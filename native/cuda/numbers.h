// bfloat16 as raw bits, and arithmetic that must round the same on device and host.
#pragma once

#include "cuda/block.h"

namespace univar::cuda {

using Bf16 = uint16_t;

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
  const uint32_t bits = BitsOf(x);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return static_cast<Bf16>((bits >> 16) | 0x40u);
  return static_cast<Bf16>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}
UNIVAR_HD float FromBf16(Bf16 x) { return FloatOf(static_cast<uint32_t>(x) << 16); }

// The sum of two bf16 holds a float up to 2^-17 of it.
struct SplitBf16 {
  Bf16 high, low;
};
UNIVAR_HD SplitBf16 Split(float x) {
  const Bf16 high = ToBf16(x);
  return {high, ToBf16(x - FromBf16(high))};
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
