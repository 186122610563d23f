// What defines a BERT or NomicBERT encoder, and where each of its parameters lies in one flat block of float32.
//
// One block makes the optimiser, the gradient norm and a copy to a device single operations. Names are those of the
// common layout that both families map to (src/encoder/parameter-names.ts maps files to it): queries, keys and values
// are rows of one matrix, and a gated MLP has its up branch in the first half of `fc1` and its gate in the second.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ops/pooling.h"

namespace univar {

struct EncoderConfig {
  size_t layers = 0, hidden = 0, heads = 0, inner = 0;
  size_t vocabulary = 0, types = 0;
  size_t max_positions = 0;       // longest sequence
  bool learned_positions = true;  // false: rotary
  double rope_base = 1000.0;
  bool gated = false;  // SwiGLU instead of GELU
  bool biases = true;
  double epsilon = 1e-12;
  Pooling pooling = Pooling::kMean;
  bool normalize = true;
  int32_t padding_id = 0;

  size_t head_dim() const { return hidden / heads; }
  size_t fc1_rows() const { return gated ? 2 * inner : inner; }
};

struct Parameter {
  std::string name;
  size_t offset = 0, rows = 0, cols = 0;
  bool decays = false;  // weight decay applies to tensors with two dimensions

  size_t size() const { return rows * cols; }
};

struct LayerParameters {
  size_t qkv, qkv_bias, out, out_bias, norm1, norm1_bias, fc1, fc1_bias, fc2, fc2_bias, norm2, norm2_bias;
};

// Offsets of every parameter; kNone marks those that the architecture lacks.
class ParameterLayout {
 public:
  static constexpr size_t kNone = SIZE_MAX;
  explicit ParameterLayout(const EncoderConfig& config);

  size_t word = kNone, position = kNone, type = kNone, norm = kNone, norm_bias = kNone;
  std::vector<LayerParameters> layers;

  const std::vector<Parameter>& parameters() const { return parameters_; }
  size_t size() const { return size_; }

 private:
  size_t Add(const std::string& name, size_t rows, size_t cols, bool decays);

  std::vector<Parameter> parameters_;
  size_t size_ = 0;
};

}  // namespace univar
