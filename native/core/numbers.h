// Arithmetic that host and device share; nvcc also compiles this header. Half-precision numbers are raw bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/compiler.h"

namespace univar {

inline constexpr float kLog2E = 1.44269504088896341f, kLn2 = 0.69314718055994531f;

UNIVAR_HD constexpr size_t CeilDivide(size_t a, size_t b) { return (a + b - 1) / b; }
UNIVAR_HD constexpr size_t RoundUp(size_t n, size_t multiple) { return CeilDivide(n, multiple) * multiple; }

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

// Rounds to the nearest bfloat16, ties to even. Values beyond the largest finite value become infinite; NaN stays NaN.
UNIVAR_HD uint16_t RoundToBf16(float x) {
  const uint32_t bits = BitsOf(x);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return static_cast<uint16_t>((bits >> 16) | 0x40u);
  return static_cast<uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}
UNIVAR_HD float WidenBf16(uint16_t x) { return FloatOf(static_cast<uint32_t>(x) << 16); }

// The same for float16: largest finite value 65504, smallest normal 2^-14, smallest subnormal 2^-24.
UNIVAR_HD uint16_t RoundToF16(float x) {
  const uint32_t bits = BitsOf(x), sign = bits >> 16 & 0x8000u, size = bits & 0x7FFFFFFFu;
  if (size > 0x7F800000u) return static_cast<uint16_t>(sign | 0x7E00u);
  if (size >= BitsOf(65520.0f)) return static_cast<uint16_t>(sign | 0x7C00u);
  // The last bit of the sum is 2^-24, so the addition rounds.
  if (size < BitsOf(0x1p-14f)) return static_cast<uint16_t>(sign | (BitsOf(FloatOf(size) + 0.5f) - BitsOf(0.5f)));
  return static_cast<uint16_t>(sign | ((size - BitsOf(0x1p-15f) + 0xFFFu + (size >> 13 & 1u)) >> 13));
}
UNIVAR_HD float WidenF16(uint16_t x) {
  const uint32_t sign = (x & 0x8000u) << 16, size = (x & 0x7FFFu) << 13;
  if (size >= 0x7C00u << 13) return FloatOf(sign | 0x7F800000u | size);
  return FloatOf(sign | BitsOf(FloatOf(size) * 0x1p112f));
}

}  // namespace univar
