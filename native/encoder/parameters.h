// Where each parameter of an encoder lies in one flat block of float32: one block makes the optimiser, the gradient
// norm and a copy to a device single operations. src/encoder/architectures maps the tensors of checkpoints to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "encoder/spec.h"

namespace univar {

struct Parameter {
  std::string name;
  size_t offset = 0, rows = 0, cols = 0;
  bool matrix = false;  // not a vector; weight decay applies to matrices only

  size_t size() const { return rows * cols; }
};

struct LayerParameters {
  size_t qkv, qkv_bias, out, out_bias, norm1, norm1_bias, fc1, fc1_bias, fc2, fc2_bias, norm2, norm2_bias;
};

// Offsets of every parameter; kNone marks those that the encoder lacks.
class ParameterLayout {
 public:
  static constexpr size_t kNone = SIZE_MAX;
  explicit ParameterLayout(const EncoderSpec& spec);

  size_t word = kNone, position = kNone, type = kNone, norm = kNone, norm_bias = kNone;
  std::vector<LayerParameters> layers;

  const std::vector<Parameter>& parameters() const { return parameters_; }
  size_t size() const { return size_; }

 private:
  size_t Add(const std::string& name, size_t rows, size_t cols, bool matrix);

  std::vector<Parameter> parameters_;
  size_t size_ = 0;
};

}  // namespace univar
