// Rounding between float32 and bfloat16, see bf16.cc.
#pragma once

#include <cstddef>
#include <cstdint>

namespace univar {

// Rounds to nearest even. NaN stays NaN, and values beyond the range become infinite.
void float_to_bf16_cpu(const float* x, uint16_t* y, size_t n);
// y = float32(bfloat16(x)). y can be x.
void round_to_bf16_cpu(const float* x, float* y, size_t n);

}  // namespace univar
