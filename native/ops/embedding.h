// Sum of word, position and type embeddings:  x_t = word[id_t] + position[p_t] + type[0]
//
// word: [vocabulary, cols], position: [positions, cols] or null, type: at least one row or null; x: [tokens, cols].
// Backward scatters dx into the gradients (accumulated). The padding token receives none, like torch's padding_idx.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/status.h"

namespace univar {

struct EmbeddingArgs {
  const int32_t* ids = nullptr;        // [tokens], within the vocabulary
  const int32_t* positions = nullptr;  // [tokens], within the positions
  size_t tokens = 0, cols = 0;
};

using EmbeddingForwardFn = Status (*)(const EmbeddingArgs& args, const float* word, const float* position,
                                      const float* type, float* x);
using EmbeddingBackwardFn = Status (*)(const EmbeddingArgs& args, const float* dx, int32_t padding_id, float* dword,
                                       float* dposition, float* dtype);

}  // namespace univar
