// Memory of the transformer: what a forward pass keeps, and scratch.
#include <algorithm>

#include "encoder/transformer.h"

namespace univar {
namespace {

// Floats of one saved layer and one token.
size_t LayerFloats(const EncoderConfig& config, Precision precision, bool keep_qkv) {
  const size_t operands = config.hidden + config.fc1_rows();
  return (keep_qkv ? 5 : 2) * config.hidden + config.heads + 4 +
         (precision == Precision::kBf16 ? (operands + 1) / 2 : operands);
}

}  // namespace

std::vector<PackedBatch> SplitBatch(const PackedBatch& batch, size_t tokens) {
  std::vector<PackedBatch> parts;
  size_t first = 0;
  for (size_t s = 0; s < batch.sequences; ++s) {
    const bool full = static_cast<size_t>(batch.offsets[s + 1] - batch.offsets[first]) > tokens;
    if (full && s > first) {
      parts.push_back(batch.Slice(first, s));
      first = s;
    }
  }
  if (first < batch.sequences) parts.push_back(batch.Slice(first, batch.sequences));
  return parts;
}

size_t Saved::FloatsPerToken(const EncoderConfig& config, Precision precision, const LayerRange& range,
                             bool keep_qkv) {
  return config.hidden + 2 + range.count() * LayerFloats(config, precision, keep_qkv);
}

Status Saved::Allocate(const EncoderConfig& config, Precision precision, const LayerRange& range, size_t tokens,
                       size_t sequences, bool keep_qkv) {
  const size_t hidden = config.hidden;
  tokens = PaddedRows(tokens);
  const size_t total = tokens * FloatsPerToken(config, precision, range, keep_qkv) + sequences * hidden;
  if (Status s = memory_.Reserve(total, "saved activations"); !s.ok()) return s;
  float* next = memory_.data();
  const auto take = [&](size_t count) {
    float* begin = next;
    next += count;
    return begin;
  };
  const auto take_operand = [&](size_t count) -> Activations {  // even, because tokens are
    if (precision != Precision::kBf16) return {.f32 = take(count)};
    return {.bf16 = reinterpret_cast<uint16_t*>(take(count / 2))};
  };
  const auto take_norm = [&] { return Norm{take(tokens * hidden), take(tokens), take(tokens)}; };
  norm = take_norm();
  input = norm.sum;  // one or the other
  layers.clear();
  for (size_t i = 0; i < range.count(); ++i) {
    layers.push_back({.qkv = keep_qkv ? take(tokens * 3 * hidden) : nullptr,
                      .o = take_operand(tokens * hidden),
                      .lse = take(tokens * config.heads),
                      .norm1 = take_norm(),
                      .pre = take_operand(tokens * config.fc1_rows()),
                      .norm2 = take_norm()});
  }
  pooled = take(sequences * hidden);
  return Status::Ok();
}

Status Workspace::Reserve(const EncoderConfig& config, Precision precision, size_t tokens, size_t sequences) {
  tokens = PaddedRows(tokens);
  if (tokens <= tokens_ && sequences <= sequences_) return Status::Ok();
  tokens = std::max(tokens, tokens_);
  sequences = std::max(sequences, sequences_);
  tokens_ = sequences_ = 0;  // until everything is there
  const size_t h = config.hidden, wide_cols = config.fc1_rows();
  const size_t floats = tokens * (4 * h + 2 * wide_cols + 6 * h) + sequences * h;
  if (Status s = floats_.Allocate(floats, "encoder workspace"); !s.ok()) return s;
  if (Status s = ints_.Allocate(tokens + sequences + 1, "encoder workspace"); !s.ok()) return s;
  hidden.f32 = floats_.data();
  hidden1.f32 = hidden.f32 + tokens * h;
  d1 = hidden1.f32 + tokens * h;
  d2 = d1 + tokens * h;
  wide.f32 = d2 + tokens * h;
  wide2 = wide.f32 + tokens * wide_cols;
  qkv = wide2 + tokens * wide_cols;
  dqkv = qkv + tokens * 3 * h;
  d_pooled = dqkv + tokens * 3 * h;
  positions = ints_.data();
  offsets = positions + tokens;
  if (precision == Precision::kBf16) {
    if (Status s = halves_.Allocate(tokens * (2 * h + config.inner), "encoder workspace"); !s.ok()) return s;
    hidden.bf16 = halves_.data();
    hidden1.bf16 = hidden.bf16 + tokens * h;
    wide.bf16 = hidden1.bf16 + tokens * h;
  }
  tokens_ = tokens;
  sequences_ = sequences;
  return Status::Ok();
}

}  // namespace univar
