// The transformer from token ids to sentence embeddings, forward and backward. It is composed of the operations of a
// backend table, so all backends share it.
//
// It works on micro-batches of complete sequences. Forward keeps the results that backward needs in Saved. Backward
// recomputes cheap results (layer norms and activations, and the fused projection if memory is short). All parameter
// gradients accumulate into one flat block with the layout of the parameters.
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

// Token ids of several sequences, one after the other, without padding. A slice shares the arrays of its batch.
struct PackedTokens {
  const int32_t* ids = nullptr;      // all tokens of the batch
  const int32_t* offsets = nullptr;  // sequences + 1 entries
  size_t sequences = 0;

  size_t tokens() const { return static_cast<size_t>(offsets[sequences] - offsets[0]); }
  PackedTokens Slice(size_t first, size_t last) const { return {ids, offsets + first, last - first}; }
};

// Splits a batch between sequences into runs of about `tokens` tokens. A longer sequence becomes a separate run.
std::vector<PackedTokens> SplitBatch(const PackedTokens& batch, size_t tokens);

// A pass keeps the activations of layers [first, last). `lower`, if given, holds the input states of layer `first`,
// [tokens, hidden], so that the layers below it do not run. Without `lower` they run, but their activations are not
// kept.
struct LayerRange {
  size_t first = 0, last = 0;
  const float* lower = nullptr;

  size_t count() const { return last - first; }
};

// Activations as float32, as bfloat16 if a product of that type reads or writes them, or as both. Either can be null.
struct Activations {
  float* f32 = nullptr;
  uint16_t* bf16 = nullptr;
};

// Results of the forward pass of one micro-batch that the backward pass needs.
class Saved {
 public:
  explicit Saved(const Backend& backend) : memory_(*backend.memory) {}
  // `keep_qkv` = false saves a third of the memory but repeats one projection per layer in the backward pass.
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
    Activations o;  // [tokens, hidden]; like `pre`, only in bfloat16 if products are
    float* lse;     // [tokens, heads]
    Norm norm1;
    Activations pre;  // [tokens, fc1_rows]
    Norm norm2;
  };
  Norm norm;                  // of the embeddings, if the range starts at layer 0
  float* input = nullptr;     // [tokens, hidden], input of the range if it starts higher; replaces norm.sum
  std::vector<Layer> layers;  // of the range
  float* pooled = nullptr;    // [sequences, hidden], before normalisation

 private:
  AlignedBuffer<float> memory_;
};

// Memory of one micro-batch. It grows to the largest one and is then reused.
class Workspace {
 public:
  explicit Workspace(const Backend& backend)
      : floats_(*backend.memory), halves_(*backend.memory), ints_(*backend.memory) {}
  Status Reserve(const EncoderSpec& spec, Precision precision, size_t tokens, size_t sequences);

  // The bfloat16 arrays exist only for Precision::kBf16.
  Activations hidden, hidden1;            // [tokens, hidden]
  Activations d1;                         // [tokens, hidden]
  float* d2 = nullptr;                    // [tokens, hidden]
  Activations wide, dwide;                // [tokens, inner]; like dpre, only in bfloat16 if products are
  Activations dpre;                       // [tokens, fc1_rows]; the same memory as dwide unless the MLP is gated
  float *qkv = nullptr, *dqkv = nullptr;  // [tokens, 3 hidden]
  float* d_pooled = nullptr;              // [sequences, hidden]
  int32_t* ids = nullptr;                 // [tokens]; then positions and offsets
  int32_t* positions = nullptr;           // [tokens], counted per sequence
  int32_t* offsets = nullptr;             // [sequences + 1], from 0
  Scratch scratch;                        // for single operations

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

// Packs the weights of layer i. `p.packed[i]` does not have to be filled yet.
Status PackLayer(const Backend& backend, const Parameters& p, size_t i, Scratch* scratch, PackedLayer* packed);

class Transformer {
 public:
  explicit Transformer(const Backend& backend) : backend_(backend), work_(backend), discarded_(backend) {}

  // embeddings: [sequences, hidden], computed from the states after layer range.last - 1. `hidden_out`, if given,
  // receives these states, [tokens, hidden]. `saved` is null for inference; otherwise it was allocated for the same
  // range. The batch and range.lower are in host memory; embeddings and hidden_out can be in host or backend memory. If
  // `saved` is given, embeddings must be in backend memory.
  Status Forward(const Parameters& p, const PackedTokens& batch, const LayerRange& range, const Saved* saved,
                 float* embeddings, float* hidden_out, const Control& control);

  // d_embeddings: [sequences, hidden]. Gradients accumulate into `grads`, which has the layout of the parameters.
  // Layers below range.first receive none; if range.first is above 0, neither do the embeddings.
  Status Backward(const Parameters& p, const PackedTokens& batch, const LayerRange& range, const Saved& saved,
                  const float* d_embeddings, float* grads, const Control& control);

 private:
  // One micro-batch in the backend's memory, with offsets that start at 0.
  struct Local {
    const int32_t* ids;
    const int32_t* offsets;
    size_t tokens, sequences;
  };
  Status Prepare(const Parameters& p, const PackedTokens& batch, Local* local);
  Status SetStates(const Parameters& p, const Local& local, const float* states);
  Status Embed(const Parameters& p, const Local& local, const Saved::Norm& saved);
  Status Project(const Parameters& p, size_t layer, const Local& local, const Activations& x, float* qkv);
  // Computes the layer norm of saved.sum into y.
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
  std::vector<int32_t> indices_;  // ids, positions and offsets of a micro-batch, to be copied to the backend
  Saved discarded_;               // of layers whose results are not kept; every layer overwrites it
};

}  // namespace univar
