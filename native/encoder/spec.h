// How an encoder is put together: one value per architecture. Parameters, memory and both passes follow from it, so
// that an architecture is a specification and, if it computes something new, an operation.
//
//   x = embedding norm(words + types + positions)
//   layer:  x = norm1(x + out(attention(qkv(x))));  x = norm2(x + fc2(activation(fc1(x))))
//   y = pooling(x), scaled to unit length if asked
//
// An encoder without layers is a bag of embeddings. Queries, keys and values are one matrix of 3 * hidden rows, and a
// gated MLP has its up branch in the first half of `fc1` and its gate in the second, however a checkpoint stores them
// (src/encoder/architectures).
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/compiler.h"
#include "core/names.h"
#include "ops/pooling.h"

namespace univar {

// How a token's place gets into its states.
enum class Positions {
  kLearned,  // rows of a table, added to the embeddings
  kRotary,   // angles by which queries and keys are turned
  kNone,
};

template <>
struct Names<Positions> {
  static constexpr Named<Positions> kAll[] = {
      {Positions::kLearned, "learned"}, {Positions::kRotary, "rotary"}, {Positions::kNone, "none"}};
};

// Of the MLP.
enum class Activation {
  kGelu,
  kSwiglu,  // up * silu(gate)
};

template <>
struct Names<Activation> {
  static constexpr Named<Activation> kAll[] = {{Activation::kGelu, "gelu"}, {Activation::kSwiglu, "swiglu"}};
};

struct EncoderSpec {
  size_t layers = 0, hidden = 0, heads = 1, inner = 0;
  size_t vocabulary = 0;
  size_t types = 0;          // rows of the table of token types, 0 for none; all tokens are of type 0
  size_t max_positions = 0;  // longest sequence
  Positions positions = Positions::kLearned;
  double rope_base = 0;
  bool embedding_norm = true;
  Activation activation = Activation::kGelu;
  bool biases = true;  // of the projections
  double epsilon = 1e-12;
  Pooling pooling = Pooling::kMean;
  bool normalize = true;
  int32_t padding_id = 0;  // a token whose embedding receives no gradient

  size_t head_dim() const { return hidden / heads; }
  // Whether the MLP has a gate beside its up branch.
  bool gated() const {
    switch (activation) {
      case Activation::kGelu: return false;
      case Activation::kSwiglu: return true;
    }
    UNIVAR_UNREACHABLE();
  }
  size_t fc1_rows() const { return gated() ? 2 * inner : inner; }
};

}  // namespace univar
