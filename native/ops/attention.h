// Bidirectional multi-head attention over packed sequences. A token attends only to tokens of its own sequence.
//
//   z = q k^T / sqrt(d),   P = softmax(z),   o = P v,   lse_i = log sum_j exp z_ij
//
// qkv: [tokens, 3 * heads * d], the queries, keys and values of all heads side by side. o: [tokens, heads * d].
// offsets: sequences + 1 ascending entries from 0. lse: [tokens, heads].
//
// Backward recomputes P from lse:
//   dv = P^T do,   dP = do v^T,   dz = P * (dP - rowsum(do * o)),   dq = dz k / sqrt(d),   dk = dz^T q / sqrt(d)
//
// Both passes work on tiles of keys with a running maximum (FlashAttention, arXiv 2205.14135), so the memory that each
// thread needs in addition to the arguments does not depend on the sequence length.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/control.h"
#include "core/status.h"
#include "ops/matmul.h"  // Precision

namespace univar {

struct AttentionShape {
  const int32_t* offsets = nullptr;
  size_t sequences = 0, heads = 0, head_dim = 0;
  size_t tokens = 0;  // offsets[sequences]; given separately because the host cannot read the offsets of every backend
};

struct AttentionForwardArgs {
  AttentionShape shape;
  const float* qkv = nullptr;
  float* o = nullptr;  // at least one of the two
  float* lse = nullptr;
  uint16_t* o16 = nullptr;  // o rounded to bfloat16, for the product that follows
  // kBf16 allows a backend to round the operands of its products to bfloat16, in both passes.
  Precision precision = Precision::kF32;
};

struct AttentionBackwardArgs {
  AttentionShape shape;
  const float* qkv = nullptr;
  const float* o = nullptr;  // one of the two
  const float* lse = nullptr;
  const float* d_o = nullptr;
  float* dqkv = nullptr;  // [tokens, 3 * heads * d], overwritten
  const uint16_t* o16 = nullptr;
  Precision precision = Precision::kF32;  // same as in the forward pass
};

using AttentionForwardFn = Status (*)(const AttentionForwardArgs& args, const Control& control);
using AttentionBackwardFn = Status (*)(const AttentionBackwardArgs& args, const Control& control);

}  // namespace univar
