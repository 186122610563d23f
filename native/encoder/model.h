// A trainable encoder: parameters, gradients and AdamW moments in flat blocks, and the steps over a packed batch.
//
// A batch runs as micro-batches of complete sequences that share one workspace. When what forward must keep exceeds the
// memory budget, first the fused projections are recomputed instead of kept; when that is still too much, the batch
// goes through the gradient cache (Gao et al., arXiv 2101.06983): forwardNoGrad on everything, loss and its gradients,
// then forward and backward once more chunk by chunk. The gradients are the same in all three.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/aligned_buffer.h"
#include "encoder/parameters.h"
#include "encoder/transformer.h"

namespace univar {

struct StepSettings {
  size_t memory_budget = size_t{1} << 30;  // bytes for kept activations
  size_t first_trained_layer = 0;          // layers below, and the embeddings when above 0, stay as they are
  const float* lower_states = nullptr;     // [tokens, hidden] below that layer, to skip the frozen ones; or null
};

struct UpdateSettings {
  AdamWArgs adamw;
  double max_grad_norm = 0;  // 0: no clipping
};

class Model {
 public:
  // Computes the loss and its gradient from all embeddings of the batch, [sequences, hidden], in the backend's memory.
  using LossFn = std::function<Status(const float* embeddings, float* d_embeddings, double* loss)>;

  Model(const Backend& backend, const EncoderSpec& spec);

  Status Initialize(Precision precision);
  const EncoderSpec& spec() const { return spec_; }
  const ParameterLayout& layout() const { return layout_; }
  const Memory& memory() const { return *backend_.memory; }
  // Blocks in that memory.
  float* parameters() const { return parameters_.data(); }
  float* gradients() const { return gradients_.data(); }
  float* first_moments() const { return m_.data(); }
  float* second_moments() const { return v_.data(); }
  size_t bytes() const;

  // Must follow every change of the parameters from outside; copies for products are renewed before their next use.
  void ParametersChanged() { stale_ = true; }

  // embeddings: [sequences, hidden], from the states after the first `layers` layers; `hidden`, if given, receives
  // these. All arguments are of the host.
  Status Encode(const PackedTokens& batch, size_t layers, float* embeddings, float* hidden, const Control& control);
  // Gradients are zeroed first and are valid afterwards.
  Status ForwardBackward(const PackedTokens& batch, const StepSettings& settings, const LossFn& loss_fn, double* loss,
                         const Control& control);
  // Clips and updates. Returns with the norm before clipping in `norm`; a norm that is not
  // finite changes nothing and is ERR_NON_FINITE.
  Status Update(const UpdateSettings& settings, size_t first_trained_layer, double* norm);
  Status AllocateTraining();

 private:
  Status MakeRotaryTables();
  // The parameters, with the copies that products read renewed if need be.
  Status Borrow(Parameters* parameters);
  size_t FirstTrainedOffset(size_t first_trained_layer) const;

  const Backend& backend_;
  EncoderSpec spec_;
  ParameterLayout layout_;
  Precision precision_ = Precision::kF32;
  bool stale_ = true;
  Transformer transformer_;
  AlignedBuffer<float> parameters_, gradients_, m_, v_;
  AlignedBuffer<uint16_t> rounded_;
  std::vector<PackedLayer> packed_;
  Scratch packing_;
  AlignedBuffer<float> embeddings_, d_embeddings_;
  AlignedBuffer<float> cosines_, sines_;
  std::vector<Saved> saved_;
};

}  // namespace univar
