// Memory of the transformer: what a forward pass keeps, and scratch.
#include <algorithm>
#include <utility>

#include "encoder/transformer.h"

namespace univar {
namespace {

// Floats of one saved layer and one token.
size_t LayerFloats(const EncoderSpec& spec, Precision precision, bool keep_qkv) {
  const size_t operands = spec.hidden + spec.fc1_rows();
  return (keep_qkv ? 5 : 2) * spec.hidden + spec.heads + 4 +
         (precision == Precision::kBf16 ? (operands + 1) / 2 : operands);
}

}  // namespace

std::vector<PackedTokens> SplitBatch(const PackedTokens& batch, size_t tokens) {
  std::vector<PackedTokens> parts;
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

size_t Saved::FloatsPerToken(const EncoderSpec& spec, Precision precision, const LayerRange& range, bool keep_qkv) {
  return spec.hidden + 2 + range.count() * LayerFloats(spec, precision, keep_qkv);
}

Status Saved::Allocate(const EncoderSpec& spec, Precision precision, const LayerRange& range, size_t tokens,
                       size_t sequences, bool keep_qkv) {
  const size_t hidden = spec.hidden;
  tokens = PaddedRows(tokens);
  const size_t total = tokens * FloatsPerToken(spec, precision, range, keep_qkv) + sequences * hidden;
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
                      .lse = take(tokens * spec.heads),
                      .norm1 = take_norm(),
                      .pre = take_operand(tokens * spec.fc1_rows()),
                      .norm2 = take_norm()});
  }
  pooled = take(sequences * hidden);
  return Status::Ok();
}

Status Workspace::Reserve(const EncoderSpec& spec, Precision precision, size_t tokens, size_t sequences) {
  tokens = PaddedRows(tokens);
  if (tokens <= tokens_ && sequences <= sequences_) return Status::Ok();
  tokens = std::max(tokens, tokens_);
  sequences = std::max(sequences, sequences_);
  tokens_ = sequences_ = 0;  // until everything is there
  const size_t h = spec.hidden, inner = spec.inner;
  const bool rounds = precision == Precision::kBf16;
  const size_t wide_cols = 2 * inner + (spec.gated() ? spec.fc1_rows() : 0);
  const size_t floats = tokens * (10 * h + (rounds ? 0 : wide_cols)) + sequences * h;
  const size_t halves = rounds ? tokens * (3 * h + wide_cols) : 0;
  if (Status s = floats_.Allocate(floats, "encoder workspace"); !s.ok()) return s;
  if (Status s = halves_.Allocate(halves, "encoder workspace"); !s.ok()) return s;
  if (Status s = ints_.Allocate(2 * tokens + sequences + 1, "encoder workspace"); !s.ok()) return s;
  float* next = floats_.data();
  uint16_t* next16 = halves_.data();
  const auto take = [](auto** from, size_t count) { return std::exchange(*from, *from + count); };
  const auto take_operand = [&](size_t cols) -> Activations {
    if (rounds) return {.bf16 = take(&next16, tokens * cols)};
    return {.f32 = take(&next, tokens * cols)};
  };
  for (Activations* both : {&hidden, &hidden1, &d1}) {
    *both = {.f32 = take(&next, tokens * h), .bf16 = rounds ? take(&next16, tokens * h) : nullptr};
  }
  d2 = take(&next, tokens * h);
  qkv = take(&next, tokens * 3 * h);
  dqkv = take(&next, tokens * 3 * h);
  wide = take_operand(inner);
  dwide = take_operand(inner);
  dpre = spec.gated() ? take_operand(spec.fc1_rows()) : dwide;
  d_pooled = next;
  ids = ints_.data();
  tokens_ = tokens;
  sequences_ = sequences;
  return Status::Ok();
}

}  // namespace univar
