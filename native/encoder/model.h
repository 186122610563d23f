// A trainable encoder: parameters, gradients and AdamW moments in flat blocks, and the training and inference steps
// over a packed batch.
//
// A batch runs as micro-batches of complete sequences that share one workspace. If the activations that forward must
// keep exceed the memory budget, the fused projections are recomputed instead of kept. If that is still too much, the
// batch uses the gradient cache (Gao et al., arXiv 2101.06983): a forward pass of all micro-batches that keeps nothing,
// the loss and its gradients, then forward and backward again for each micro-batch. The gradients are the same in all
// three cases.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "core/aligned_buffer.h"
#include "encoder/parameters.h"
#include "encoder/transformer.h"

namespace univar {

struct StepSettings {
  size_t memory_budget = size_t{1} << 30;  // bytes for kept activations
  size_t first_trained_layer = 0;          // layers below are frozen; if above 0, so are the embeddings
  const float* lower_states = nullptr;     // [tokens, hidden], input of that layer, to skip the frozen ones; or null
};

struct UpdateSettings {
  AdamWArgs adamw;
  double max_grad_norm = 0;  // 0: no clipping
};

class Model {
 public:
  // Computes the loss and its gradient from all embeddings of the batch, [sequences, hidden]. The arrays are in the
  // backend's memory.
  using LossFn = std::function<Status(const float* embeddings, float* d_embeddings, double* loss)>;

  Model(const Backend& backend, const EncoderSpec& spec);

  Status Initialize(Precision precision);
  const EncoderSpec& spec() const { return spec_; }
  const ParameterLayout& layout() const { return layout_; }
  const Memory& memory() const { return *backend_.memory; }
  // Blocks in the backend's memory.
  float* parameters() const { return parameters_.data(); }
  float* gradients() const { return gradients_.data(); }
  float* first_moments() const { return m_.data(); }
  float* second_moments() const { return v_.data(); }
  size_t bytes() const;

  // Must be called after every external change of the parameters. The copies for products are renewed before their next
  // use.
  void ParametersChanged() { stale_ = true; }

  // embeddings: [sequences, hidden], computed from the states after the first `layers` layers. `hidden`, if given,
  // receives these states. All arguments are in host memory.
  Status Encode(const PackedTokens& batch, size_t layers, float* embeddings, float* hidden, const Control& control);
  // Overwrites the gradients with those of the batch.
  Status ForwardBackward(const PackedTokens& batch, const StepSettings& settings, const LossFn& loss_fn, double* loss,
                         const Control& control);
  // Clips the gradients and updates the parameters. `norm` receives the gradient norm before clipping. If the norm is
  // not finite, nothing changes and the result is ERR_NON_FINITE.
  Status Update(const UpdateSettings& settings, size_t first_trained_layer, double* norm);
  // Any thread: callers can ask for the moments before or while the first step runs.
  Status AllocateTraining();

 private:
  Status MakeRotaryTables();
  // Returns the parameters, after renewing outdated copies that products read.
  Status Borrow(Parameters* parameters);
  Status RenewCopies(const Parameters& parameters);
  size_t FirstTrainedOffset(size_t first_trained_layer) const;

  const Backend& backend_;
  EncoderSpec spec_;
  ParameterLayout layout_;
  Precision precision_ = Precision::kF32;
  std::atomic<bool> stale_ = true;
  Transformer transformer_;
  AlignedBuffer<float> parameters_, gradients_, m_, v_;
  std::mutex training_mutex_;  // while the last three are allocated
  AlignedBuffer<uint16_t> rounded_;
  std::vector<PackedLayer> packed_;
  Scratch packing_;
  AlignedBuffer<float> embeddings_, d_embeddings_;
  AlignedBuffer<float> cosines_, sines_;
  std::vector<Saved> saved_;
};

}  // namespace univar
