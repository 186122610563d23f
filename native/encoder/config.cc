#include "encoder/config.h"

namespace univar {

size_t ParameterLayout::Add(const std::string& name, size_t rows, size_t cols, bool decays) {
  const size_t offset = size_;
  parameters_.push_back({name, offset, rows, cols, decays});
  // Each tensor starts at a cache line, whatever the sizes.
  size_ += (rows * cols + 15) / 16 * 16;
  return offset;
}

ParameterLayout::ParameterLayout(const EncoderConfig& config) {
  const size_t h = config.hidden;
  word = Add("word", config.vocabulary, h, true);
  if (config.learned_positions) position = Add("position", config.max_positions, h, true);
  if (config.types > 0) type = Add("type", config.types, h, true);
  norm = Add("norm.weight", 1, h, false);
  norm_bias = Add("norm.bias", 1, h, false);
  for (size_t i = 0; i < config.layers; ++i) {
    const std::string prefix = "layer." + std::to_string(i) + ".";
    const auto bias = [&](const char* name, size_t cols) {
      return config.biases ? Add(prefix + name, 1, cols, false) : kNone;
    };
    LayerParameters layer;
    layer.qkv = Add(prefix + "qkv.weight", 3 * h, h, true);
    layer.qkv_bias = bias("qkv.bias", 3 * h);
    layer.out = Add(prefix + "out.weight", h, h, true);
    layer.out_bias = bias("out.bias", h);
    layer.norm1 = Add(prefix + "norm1.weight", 1, h, false);
    layer.norm1_bias = Add(prefix + "norm1.bias", 1, h, false);
    layer.fc1 = Add(prefix + "fc1.weight", config.fc1_rows(), h, true);
    layer.fc1_bias = bias("fc1.bias", config.fc1_rows());
    layer.fc2 = Add(prefix + "fc2.weight", h, config.inner, true);
    layer.fc2_bias = bias("fc2.bias", h);
    layer.norm2 = Add(prefix + "norm2.weight", 1, h, false);
    layer.norm2_bias = Add(prefix + "norm2.bias", 1, h, false);
    layers.push_back(layer);
  }
}

}  // namespace univar
