// Attention of the encoder on a machine (machine.h), see ops/attention.h. All pointers point to the machine's memory.
#pragma once

#include <string>
#include <type_traits>

#include "core/try.h"
#include "cuda/attention/backward.h"
#include "cuda/attention/backward_bf16.h"
#include "cuda/attention/forward.h"
#include "cuda/attention/forward_bf16.h"
#include "cuda/machine/machine.h"

namespace univar::cuda {

inline constexpr size_t kMaxHeadDim = 256;   // a larger one does not fit into shared memory
inline constexpr int kMaxBf16HeadDim = 128;  // wider heads are computed in float32

// Calls launch(std::integral_constant<int, kDim>) with the smallest padded dimension that has a layout.
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
    if constexpr (dim() <= kMaxBf16HeadDim) {
      if (args.precision == Precision::kBf16) {
        const AttentionForwardBf16<dim()> tiles{args};
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
    float* row_dots = nullptr;
    UNIVAR_TRY(machine.Scratch(args.shape.tokens * args.shape.heads, "attention rows", &row_dots));
    const AttentionRowDots dots{args, row_dots};
    UNIVAR_TRY(machine.Launch(dots, dots.blocks()));
    const auto launch = [&](const auto& keys, const auto& queries) -> Status {
      UNIVAR_TRY(machine.Launch(keys, keys.blocks()));
      return machine.Launch(queries, queries.blocks());
    };
    if constexpr (dim() <= kMaxBf16HeadDim) {
      if (args.precision == Precision::kBf16)
        return launch(AttentionBackwardBf16<dim(), true>{args, row_dots},
                      AttentionBackwardBf16<dim(), false>{args, row_dots});
    }
    using Layout = BackwardLayout<dim()>;
    return launch(AttentionBackwardTile<Layout, true>{args, row_dots},
                  AttentionBackwardTile<Layout, false>{args, row_dots});
  });
}

}  // namespace univar::cuda
