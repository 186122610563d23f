#include "encoder/parameters.h"

namespace univar {

size_t ParameterLayout::Add(const std::string& name, size_t rows, size_t cols, bool matrix) {
  const size_t offset = size_;
  parameters_.push_back({name, offset, rows, cols, matrix});
  // Each tensor starts at a cache line, whatever the sizes.
  size_ += (rows * cols + 15) / 16 * 16;
  return offset;
}

ParameterLayout::ParameterLayout(const EncoderSpec& spec) {
  const size_t h = spec.hidden;
  word = Add("word", spec.vocabulary, h, true);
  if (spec.positions == Positions::kLearned) position = Add("position", spec.max_positions, h, true);
  if (spec.types > 0) type = Add("type", spec.types, h, true);
  if (spec.embedding_norm) {
    norm = Add("norm.weight", 1, h, false);
    norm_bias = Add("norm.bias", 1, h, false);
  }
  for (size_t i = 0; i < spec.layers; ++i) {
    const std::string prefix = "layer." + std::to_string(i) + ".";
    const auto bias = [&](const char* name, size_t cols) {
      return spec.biases ? Add(prefix + name, 1, cols, false) : kNone;
    };
    LayerParameters layer;
    layer.qkv = Add(prefix + "qkv.weight", 3 * h, h, true);
    layer.qkv_bias = bias("qkv.bias", 3 * h);
    layer.out = Add(prefix + "out.weight", h, h, true);
    layer.out_bias = bias("out.bias", h);
    layer.norm1 = Add(prefix + "norm1.weight", 1, h, false);
    layer.norm1_bias = Add(prefix + "norm1.bias", 1, h, false);
    layer.fc1 = Add(prefix + "fc1.weight", spec.fc1_rows(), h, true);
    layer.fc1_bias = bias("fc1.bias", spec.fc1_rows());
    layer.fc2 = Add(prefix + "fc2.weight", h, spec.inner, true);
    layer.fc2_bias = bias("fc2.bias", h);
    layer.norm2 = Add(prefix + "norm2.weight", 1, h, false);
    layer.norm2_bias = Add(prefix + "norm2.bias", 1, h, false);
    layers.push_back(layer);
  }
}

}  // namespace univar
