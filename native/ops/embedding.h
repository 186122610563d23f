// Sum of word, position and type embeddings:  x_t = word[id_t] + position[p_t] + type[0]
//
// word: [vocabulary, cols], position: [positions, cols] or null, type: at least one row or null; x: [tokens, cols].
// Backward adds dx to the gradients of the rows that were read. The padding token receives no gradient, like
// padding_idx in PyTorch.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/status.h"

namespace univar {

struct EmbeddingArgs {
  const int32_t* ids = nullptr;        // [tokens], rows of `word`
  const int32_t* positions = nullptr;  // [tokens], rows of `position`
  size_t tokens = 0, cols = 0;
};

using EmbeddingForwardFn = Status (*)(const EmbeddingArgs& args, const float* word, const float* position,
                                      const float* type, float* x);
using EmbeddingBackwardFn = Status (*)(const EmbeddingArgs& args, const float* dx, int32_t padding_id, float* dword,
                                       float* dposition, float* dtype);

}  // namespace univar
