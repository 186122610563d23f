// Attention of the encoder on a machine (machine.h), see ops/attention.h. Every pointer is the machine's memory.
#pragma once

#include <string>
#include <type_traits>

#include "core/try.h"
#include "cuda/attention_backward.h"
#include "cuda/attention_bf16.h"
#include "cuda/attention_forward.h"
#include "cuda/machine.h"

namespace univar::cuda {

inline constexpr size_t kMaxHeadDim = 256;  // more would not fit into shared memory

// Calls launch(std::integral_constant<int, kDim>) with the least padded dimension that there are layouts for.
template <class Launch>
Status WithPaddedHead(size_t head_dim, const Launch& launch) {
  if (head_dim == 0 || head_dim > kMaxHeadDim) {
    return Status::Error(Code::kArgRange, "Expected a head dimension from 1 to " + std::to_string(kMaxHeadDim) +
                                              " for attention on the device, got " + std::to_string(head_dim));
  }
  if (head_dim <= 32) return launch(std::integral_constant<int, 32>());
  if (head_dim <= 64) return launch(std::integral_constant<int, 64>());
  if (head_dim <= 128) return launch(std::integral_constant<int, 128>());
  return launch(std::integral_constant<int, 256>());
}

template <class Machine>
Status AttentionForward(Machine& machine, const AttentionForwardArgs& args) {
  return WithPaddedHead(args.shape.head_dim, [&](auto dim) {
    if constexpr (dim() <= 128) {  // wider tiles would not fit into shared memory
      if (args.precision == Precision::kBf16 && args.lse == nullptr) {
        const AttentionBf16Tile<dim()> tiles{args};
        return machine.Launch(tiles, tiles.blocks());
      }
    }
    const AttentionForwardTile<ForwardLayout<dim()>> tiles{args};
    return machine.Launch(tiles, tiles.blocks());
  });
}

template <class Machine>
Status AttentionBackward(Machine& machine, const AttentionBackwardArgs& args) {
  return WithPaddedHead(args.shape.head_dim, [&](auto dim) {
    using Layout = BackwardLayout<dim()>;
    float* row_dots = nullptr;
    UNIVAR_TRY(machine.Scratch(args.shape.tokens * args.shape.heads, "the rows of attention", &row_dots));
    const AttentionRowDots dots{args, row_dots};
    const AttentionBackwardTile<Layout, true> keys{args, row_dots};
    const AttentionBackwardTile<Layout, false> queries{args, row_dots};
    UNIVAR_TRY(machine.Launch(dots, dots.blocks()));
    UNIVAR_TRY(machine.Launch(keys, keys.blocks()));
    return machine.Launch(queries, queries.blocks());
  });
}

}  // namespace univar::cuda
