// Rotary positions, see ops/rope.h.
#pragma once

#include "cuda/primitives/elementwise.h"
#include "ops/rope.h"

namespace univar::cuda {

// Rotates one pair of entries: pair % half of head pair / half. Heads of queries come before those of keys.
struct RotateElement {
  static constexpr size_t kEach = 8;
  RopeArgs args;
  UNIVAR_HD void operator()(size_t token, size_t pair) const {
    const size_t half = args.head_dim / 2, head = pair / half, m = pair % half;
    const size_t at = static_cast<size_t>(args.positions[token]) * half + m;
    const float cosine = args.cosines[at], sine = args.inverse ? -args.sines[at] : args.sines[at];
    float* low = args.qkv + (token * 3 * args.heads + head) * args.head_dim + m;
    float* high = low + half;
    const float a = *low, b = *high;
    *low = a * cosine - b * sine;
    *high = b * cosine + a * sine;
  }
};

template <class Machine>
Status Rope(Machine& machine, const RopeArgs& args) {
  return ForEach(machine, RotateElement{args}, args.tokens, 2 * args.heads * (args.head_dim / 2));
}

}  // namespace univar::cuda
