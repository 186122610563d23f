// The transformer between token ids and sentence embeddings, forward and backward, composed of the operations of a
// backend table: a second backend needs no second encoder.
//
// Works on micro-batches of complete sequences. Forward keeps in Saved what backward needs and recomputes the cheap
// rest (layer norms, activations; the fused projection too when memory is short). All gradients of parameters
// accumulate into one flat block with the layout of the parameters.
#pragma once

#include <memory>
#include <vector>

#include "core/aligned_buffer.h"
#include "core/control.h"
#include "core/scratch.h"
#include "core/status.h"
#include "encoder/parameters.h"
#include "ops/backend.h"

namespace univar {

// Token ids of several sequences, one after the other, without padding; a slice shares the arrays of its batch.
struct PackedTokens {
  const int32_t* ids = nullptr;      // all tokens of the batch
  const int32_t* offsets = nullptr;  // sequences + 1 entries
  size_t sequences = 0;

  size_t tokens() const { return static_cast<size_t>(offsets[sequences] - offsets[0]); }
  PackedTokens Slice(size_t first, size_t last) const { return {ids, offsets + first, last - first}; }
};

// Cuts a batch between sequences into runs of about `tokens` tokens; a longer sequence is a run of its own.
std::vector<PackedTokens> SplitBatch(const PackedTokens& batch, size_t tokens);

// Layers [first, last) are those whose activations a pass keeps. `lower`, if given, holds the hidden states below
// `first`, [tokens, hidden], so that the layers under it need not run; without it they run and are forgotten.
struct LayerRange {
  size_t first = 0, last = 0;
  const float* lower = nullptr;

  size_t count() const { return last - first; }
};

// Activations as float32, as bfloat16 where a product of that type reads or writes them, or as both; either may be
// null.
struct Activations {
  float* f32 = nullptr;
  uint16_t* bf16 = nullptr;
};

// Results of the forward pass of one micro-batch that its backward pass needs.
class Saved {
 public:
  explicit Saved(const Backend& backend) : memory_(*backend.memory) {}
  // `keep_qkv` = false saves a third of the memory and repeats one projection per layer in the backward pass.
  Status Allocate(const EncoderSpec& spec, Precision precision, const LayerRange& range, size_t tokens,
                  size_t sequences, bool keep_qkv);
  static size_t FloatsPerToken(const EncoderSpec& spec, Precision precision, const LayerRange& range, bool keep_qkv);

  struct Norm {
    float* sum;  // [tokens, hidden], input of the layer norm
    float* mean;
    float* rstd;
  };
  struct Layer {
    float* qkv;     // [tokens, 3 hidden] after rotation, or null
    Activations o;  // [tokens, hidden]; this and `pre` in bfloat16 only where products are
    float* lse;     // [tokens, heads]
    Norm norm1;
    Activations pre;  // [tokens, fc1_rows]
    Norm norm2;
  };
  Norm norm;                  // of the embeddings, when the range starts at layer 0
  float* input = nullptr;     // [tokens, hidden] below the range, when it starts higher; takes the place of norm.sum
  std::vector<Layer> layers;  // of the range
  float* pooled = nullptr;    // [sequences, hidden], before normalisation

 private:
  AlignedBuffer<float> memory_;
};

// Memory of one micro-batch; grows to the largest one and is then reused.
class Workspace {
 public:
  explicit Workspace(const Backend& backend)
      : floats_(*backend.memory), halves_(*backend.memory), ints_(*backend.memory) {}
  Status Reserve(const EncoderSpec& spec, Precision precision, size_t tokens, size_t sequences);

  // The roundings exist for Precision::kBf16 only.
  Activations hidden, hidden1;            // [tokens, hidden]
  Activations d1;                         // [tokens, hidden]
  float* d2 = nullptr;                    // [tokens, hidden]
  Activations wide, dwide;                // [tokens, inner]; these and dpre as bfloat16 only where products are
  Activations dpre;                       // [tokens, fc1_rows]; is dwide, unless gated
  float *qkv = nullptr, *dqkv = nullptr;  // [tokens, 3 hidden]
  float* d_pooled = nullptr;              // [sequences, hidden]
  int32_t* ids = nullptr;                 // [tokens]; then positions and offsets
  int32_t* positions = nullptr;           // [tokens], counted per sequence
  int32_t* offsets = nullptr;             // [sequences + 1], from 0
  Scratch scratch;                        // of single operations

 private:
  AlignedBuffer<float> floats_;
  AlignedBuffer<uint16_t> halves_;
  AlignedBuffer<int32_t> ints_;
  size_t tokens_ = 0, sequences_ = 0;
};

struct PackedLayer {
  std::unique_ptr<PackedWeight> qkv, out, fc1, fc2;
};

// Borrowed pointers to the parameters of a model.
struct Parameters {
  const EncoderSpec* spec = nullptr;
  const ParameterLayout* layout = nullptr;
  const float* f32 = nullptr;
  const uint16_t* bf16 = nullptr;  // rounded copy for Precision::kBf16
  const std::vector<PackedLayer>* packed = nullptr;
  const float* cosines = nullptr;  // rotary tables [max_positions, head_dim / 2]
  const float* sines = nullptr;
  Precision precision = Precision::kF32;
};

// Packs the weights of layer i; `p` needs not have `packed[i]` filled yet.
Status PackLayer(const Backend& backend, const Parameters& p, size_t i, Scratch* scratch, PackedLayer* packed);

class Transformer {
 public:
  explicit Transformer(const Backend& backend) : backend_(backend), work_(backend), forgotten_(backend) {}

  // embeddings: [sequences, hidden], from the states after layer range.last - 1, which `hidden_out`, if given, receives
  // [tokens, hidden]. `saved` may be null (inference); else it was allocated for the same range. The batch and
  // range.lower are of the host; embeddings and hidden_out of the host or the backend, embeddings of the backend if
  // `saved` is given.
  Status Forward(const Parameters& p, const PackedTokens& batch, const LayerRange& range, const Saved* saved,
                 float* embeddings, float* hidden_out, const Control& control);

  // d_embeddings: [sequences, hidden]; gradients accumulate into `grads`, which has the layout of the parameters.
  // Layers below range.first (and the embeddings, when it is above 0) receive none.
  Status Backward(const Parameters& p, const PackedTokens& batch, const LayerRange& range, const Saved& saved,
                  const float* d_embeddings, float* grads, const Control& control);

 private:
  // One micro-batch with offsets that start at 0, in the backend's memory.
  struct Local {
    const int32_t* ids;
    const int32_t* offsets;
    size_t tokens, sequences;
  };
  Status Prepare(const Parameters& p, const PackedTokens& batch, Local* local);
  Status SetStates(const Parameters& p, const Local& local, const float* states);
  Status Embed(const Parameters& p, const Local& local, const Saved::Norm& saved);
  Status Project(const Parameters& p, size_t layer, const Local& local, const Activations& x, float* qkv);
  // The layer norm of saved.sum.
  Status Norm(const Parameters& p, size_t weight, size_t bias, const Local& local, const Saved::Norm& saved,
              const Activations& y);
  Status Rotate(const Parameters& p, const Local& local, float* qkv, bool inverse);
  Status Activate(const Parameters& p, const Local& local, const Activations& pre);
  Status ActivateBackward(const Parameters& p, const Local& local, const Activations& pre);
  Status NormBackward(const Parameters& p, size_t weight, size_t bias, const Local& local, const Saved::Norm& saved,
                      const Activations& gradient, float* grads);
  Status ForwardLayer(const Parameters& p, size_t layer, const Local& local, const Saved::Layer& saved, bool trains,
                      const Control& control);
  Status BackwardMlp(const Parameters& p, size_t layer, const Local& local, const Saved::Layer& saved, float* grads);
  Status BackwardAttention(const Parameters& p, size_t layer, const Local& local, const Saved::Layer& saved,
                           const Activations& input, float* grads, const Control& control);
  AttentionShape Shape(const Parameters& p, const Local& local) const;

  template <typename T>
  Status Copy(T* to, const T* from, size_t count) {
    return backend_.memory->copy(to, from, count * sizeof(T));
  }

  const Backend& backend_;
  Workspace work_;
  std::vector<int32_t> indices_;  // ids, positions and offsets of a micro-batch on their way to the backend
  Saved forgotten_;               // of layers that nothing is kept of, written over layer after layer
};

}  // namespace univar
