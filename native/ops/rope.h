// Rotary position embedding of queries and keys inside the fused projection (RoFormer, arXiv 2104.09864). Entry m of a
// head is paired with entry m + d/2 (not interleaved):
//
//   angle(p, m) = p * base^(-2 m / d),  m = 0 .. d/2 - 1
//   q'[m] = q[m] cos - q[m + d/2] sin,   q'[m + d/2] = q[m + d/2] cos + q[m] sin
//
// qkv: [tokens, 3 * heads * d] in place; columns 0 .. 2 * heads * d - 1 (queries and keys) are rotated. positions:
// [tokens], counted from 0 in each sequence. `inverse` rotates by the negative angle, which is the backward pass.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/status.h"

namespace univar {

struct RopeArgs {
  float* qkv = nullptr;
  const int32_t* positions = nullptr;
  size_t tokens = 0, heads = 0, head_dim = 0;
  const float* cosines = nullptr;  // [positions, head_dim / 2]
  const float* sines = nullptr;
  bool inverse = false;
};

using RopeFn = Status (*)(const RopeArgs& args);

}  // namespace univar
