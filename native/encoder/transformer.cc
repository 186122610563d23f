#include "encoder/transformer.h"

#include <algorithm>

namespace univar {
namespace {

// Runs a step that returns a Status and leaves the function when it failed.
#define UNIVAR_TRY(step)                       \
  if (Status status = (step); !status.ok()) return status

LinearWeight Weight(const Parameters& p, size_t weight, size_t bias, size_t out, size_t in) {
  return {.w = p.f32 + weight,
          .w16 = p.bf16 == nullptr ? nullptr : p.bf16 + weight,
          .bias = bias == ParameterLayout::kNone ? nullptr : p.f32 + bias,
          .out = out,
          .in = in};
}

float* Gradient(float* grads, size_t offset) { return offset == ParameterLayout::kNone ? nullptr : grads + offset; }

}  // namespace

AttentionShape Transformer::Shape(const Parameters& p, const Local& local) const {
  return {local.offsets, local.sequences, p.config->heads, p.config->head_dim()};
}

Status Transformer::Prepare(const Parameters& p, const PackedBatch& batch, Local* local) {
  UNIVAR_TRY(work_.Reserve(*p.config, batch.tokens(), batch.sequences));
  const int32_t base = batch.offsets[0];
  for (size_t s = 0; s <= batch.sequences; ++s) work_.offsets[s] = batch.offsets[s] - base;
  for (size_t s = 0; s < batch.sequences; ++s) {
    for (int32_t t = work_.offsets[s]; t < work_.offsets[s + 1]; ++t) work_.positions[t] = t - work_.offsets[s];
  }
  *local = {batch.ids + base, work_.offsets, batch.tokens(), batch.sequences};
  return Status::Ok();
}

Status Transformer::Norm(const Parameters& p, size_t weight, size_t bias, const Local& local, const float* x,
                         const float* residual, const Saved::Norm& saved, float* y) {
  return backend_.layer_norm_forward({.x = {x, local.tokens, p.config->hidden},
                                      .residual = residual,
                                      .weight = p.f32 + weight,
                                      .bias = p.f32 + bias,
                                      .epsilon = p.config->epsilon,
                                      .sum = saved.sum,
                                      .mean = saved.mean,
                                      .rstd = saved.rstd,
                                      .y = y});
}

Status Transformer::RecomputeNorm(const Parameters& p, size_t weight, size_t bias, const Local& local,
                                  const Saved::Norm& saved, float* y) {
  return Norm(p, weight, bias, local, saved.sum, nullptr, saved, y);
}

Status Transformer::NormBackward(const Parameters& p, size_t weight, size_t bias, const Local& local,
                                 const Saved::Norm& saved, float* gradient, float* grads) {
  return backend_.layer_norm_backward({.dy = {gradient, local.tokens, p.config->hidden},
                                       .sum = saved.sum,
                                       .mean = saved.mean,
                                       .rstd = saved.rstd,
                                       .weight = p.f32 + weight,
                                       .dsum = gradient,
                                       .dweight = grads + weight,
                                       .dbias = grads + bias});
}

Status Transformer::Project(const Parameters& p, const LayerParameters& layer, const Local& local, const float* x,
                            float* qkv) {
  const EncoderConfig& c = *p.config;
  UNIVAR_TRY(backend_.linear_forward(Weight(p, layer.qkv, layer.qkv_bias, 3 * c.hidden, c.hidden),
                                     {.x = x, .y = qkv, .rows = local.tokens, .precision = p.precision}));
  if (!c.learned_positions) {
    backend_.rope({.qkv = qkv,
                   .positions = work_.positions,
                   .tokens = local.tokens,
                   .heads = c.heads,
                   .head_dim = c.head_dim(),
                   .cosines = p.cosines,
                   .sines = p.sines});
  }
  return Status::Ok();
}

// work_.hidden holds the layer's input and receives its output.
Status Transformer::ForwardLayer(const Parameters& p, const LayerParameters& layer, const Local& local,
                                 const Saved::Layer& saved, const Control& control) {
  const EncoderConfig& c = *p.config;
  const size_t tokens = local.tokens;
  float* qkv = saved.qkv == nullptr ? work_.qkv : saved.qkv;
  UNIVAR_TRY(Project(p, layer, local, work_.hidden, qkv));
  UNIVAR_TRY(backend_.attention_forward({Shape(p, local), qkv, saved.o, saved.lse}, control));
  UNIVAR_TRY(backend_.linear_forward(Weight(p, layer.out, layer.out_bias, c.hidden, c.hidden),
                                     {.x = saved.o, .y = work_.d1, .rows = tokens, .precision = p.precision}));
  UNIVAR_TRY(Norm(p, layer.norm1, layer.norm1_bias, local, work_.d1, work_.hidden, saved.norm1, work_.hidden1));

  UNIVAR_TRY(backend_.linear_forward(Weight(p, layer.fc1, layer.fc1_bias, c.fc1_rows(), c.hidden),
                                     {.x = work_.hidden1, .y = saved.pre, .rows = tokens, .precision = p.precision}));
  if (c.gated) {
    backend_.swiglu_forward(saved.pre, work_.wide, nullptr, tokens, c.inner);
  } else {
    backend_.gelu_forward(saved.pre, work_.wide, nullptr, tokens * c.inner);
  }
  UNIVAR_TRY(backend_.linear_forward(Weight(p, layer.fc2, layer.fc2_bias, c.hidden, c.inner),
                                     {.x = work_.wide, .y = work_.d1, .rows = tokens, .precision = p.precision}));
  return Norm(p, layer.norm2, layer.norm2_bias, local, work_.d1, work_.hidden1, saved.norm2, work_.hidden);
}

Status Transformer::Embed(const Parameters& p, const Local& local, const Saved::Norm& saved) {
  const ParameterLayout& layout = *p.layout;
  backend_.embedding_forward({local.ids, work_.positions, local.tokens, p.config->hidden}, p.f32 + layout.word,
                             layout.position == ParameterLayout::kNone ? nullptr : p.f32 + layout.position,
                             layout.type == ParameterLayout::kNone ? nullptr : p.f32 + layout.type, work_.d1);
  return Norm(p, layout.norm, layout.norm_bias, local, work_.d1, nullptr, saved, work_.hidden);
}

Status Transformer::Forward(const Parameters& p, const PackedBatch& batch, const LayerRange& range, const Saved* saved,
                            float* embeddings, float* hidden_out, const Control& control) {
  const EncoderConfig& c = *p.config;
  const ParameterLayout& layout = *p.layout;
  Local local;
  UNIVAR_TRY(Prepare(p, batch, &local));
  const bool embeds = range.lower == nullptr;
  if (saved == nullptr || (embeds && range.first > 0)) {
    UNIVAR_TRY(forgotten_.Allocate(c, {0, 1}, local.tokens, local.sequences, false));
  }
  if (embeds) {
    UNIVAR_TRY(Embed(p, local, saved == nullptr || range.first > 0 ? forgotten_.norm : saved->norm));
  } else {
    std::copy_n(range.lower, local.tokens * c.hidden, work_.hidden);
  }
  for (size_t i = embeds ? 0 : range.first; i < range.last; ++i) {
    if (control.cancelled()) return Status::Aborted();
    const bool keep = saved != nullptr && i >= range.first;
    if (keep && i == range.first && i > 0) std::copy_n(work_.hidden, local.tokens * c.hidden, saved->input);
    UNIVAR_TRY(ForwardLayer(p, layout.layers[i], local, keep ? saved->layers[i - range.first] : forgotten_.layers[0],
                            control));
  }
  if (hidden_out != nullptr) std::copy_n(work_.hidden, local.tokens * c.hidden, hidden_out);
  const Matrix pooled{saved == nullptr ? forgotten_.pooled : saved->pooled, local.sequences, c.hidden};
  UNIVAR_TRY(backend_.pool({work_.hidden, local.tokens, c.hidden}, local.offsets, c.pooling, pooled, control));
  const Matrix out{embeddings, local.sequences, c.hidden};
  if (!c.normalize) {
    std::copy_n(pooled.data, pooled.size(), out.data);
    return Status::Ok();
  }
  return backend_.l2_normalize({pooled.data, pooled.rows, pooled.cols}, out, Control());
}

// work_.d1 holds the gradient of the layer's output and receives that of its attention half.
Status Transformer::BackwardMlp(const Parameters& p, const LayerParameters& layer, const Local& local,
                                const Saved::Layer& saved, float* grads) {
  const EncoderConfig& c = *p.config;
  const size_t tokens = local.tokens;
  UNIVAR_TRY(NormBackward(p, layer.norm2, layer.norm2_bias, local, saved.norm2, work_.d1, grads));
  if (c.gated) {
    backend_.swiglu_forward(saved.pre, work_.wide, nullptr, tokens, c.inner);
  } else {
    backend_.gelu_forward(saved.pre, work_.wide, nullptr, tokens * c.inner);
  }
  UNIVAR_TRY(backend_.linear_backward(Weight(p, layer.fc2, layer.fc2_bias, c.hidden, c.inner),
                                      {.x = work_.wide,
                                       .dy = work_.d1,
                                       .rows = tokens,
                                       .dx = work_.wide2,
                                       .dw = grads + layer.fc2,
                                       .db = Gradient(grads, layer.fc2_bias),
                                       .precision = p.precision}));
  float* dpre = work_.wide;
  if (c.gated) {
    backend_.swiglu_backward(saved.pre, work_.wide2, dpre, tokens, c.inner);
  } else {
    backend_.gelu_backward(saved.pre, work_.wide2, dpre, tokens * c.inner);
  }
  UNIVAR_TRY(RecomputeNorm(p, layer.norm1, layer.norm1_bias, local, saved.norm1, work_.hidden1));
  // The residual branch: d1 already holds the gradient that bypasses the MLP.
  return backend_.linear_backward(Weight(p, layer.fc1, layer.fc1_bias, c.fc1_rows(), c.hidden),
                                  {.x = work_.hidden1,
                                   .dy = dpre,
                                   .rows = tokens,
                                   .dx = work_.d1,
                                   .accumulate_dx = true,
                                   .dw = grads + layer.fc1,
                                   .db = Gradient(grads, layer.fc1_bias),
                                   .precision = p.precision});
}

// work_.d1 holds the gradient of the first layer norm's output and receives that of the layer's input.
Status Transformer::BackwardAttention(const Parameters& p, const LayerParameters& layer, const Local& local,
                                      const Saved::Layer& saved, const float* input, float* grads,
                                      const Control& control) {
  const EncoderConfig& c = *p.config;
  UNIVAR_TRY(NormBackward(p, layer.norm1, layer.norm1_bias, local, saved.norm1, work_.d1, grads));
  UNIVAR_TRY(backend_.linear_backward(Weight(p, layer.out, layer.out_bias, c.hidden, c.hidden),
                                      {.x = saved.o,
                                       .dy = work_.d1,
                                       .rows = local.tokens,
                                       .dx = work_.d2,
                                       .dw = grads + layer.out,
                                       .db = Gradient(grads, layer.out_bias),
                                       .precision = p.precision}));
  const float* qkv = saved.qkv;
  if (qkv == nullptr) {
    UNIVAR_TRY(Project(p, layer, local, input, work_.qkv));
    qkv = work_.qkv;
  }
  UNIVAR_TRY(backend_.attention_backward({Shape(p, local), qkv, saved.o, saved.lse, work_.d2, work_.dqkv}, control));
  if (!c.learned_positions) {
    backend_.rope({.qkv = work_.dqkv,
                   .positions = work_.positions,
                   .tokens = local.tokens,
                   .heads = c.heads,
                   .head_dim = c.head_dim(),
                   .cosines = p.cosines,
                   .sines = p.sines,
                   .inverse = true});
  }
  return backend_.linear_backward(Weight(p, layer.qkv, layer.qkv_bias, 3 * c.hidden, c.hidden),
                                  {.x = input,
                                   .dy = work_.dqkv,
                                   .rows = local.tokens,
                                   .dx = work_.d1,
                                   .accumulate_dx = true,
                                   .dw = grads + layer.qkv,
                                   .db = Gradient(grads, layer.qkv_bias),
                                   .precision = p.precision});
}

Status Transformer::Backward(const Parameters& p, const PackedBatch& batch, const LayerRange& range, const Saved& saved,
                             const float* d_embeddings, float* grads, const Control& control) {
  const EncoderConfig& c = *p.config;
  const ParameterLayout& layout = *p.layout;
  Local local;
  UNIVAR_TRY(Prepare(p, batch, &local));

  const size_t pooled_size = local.sequences * c.hidden;
  AlignedBuffer<float> d_pooled;
  UNIVAR_TRY(d_pooled.Allocate(pooled_size, "pooled gradients"));
  std::copy_n(d_embeddings, pooled_size, d_pooled.data());
  const Matrix gradient{d_pooled.data(), local.sequences, c.hidden};
  if (c.normalize) {
    backend_.l2_normalize_backward({saved.pooled, local.sequences, c.hidden},
                                   {d_pooled.data(), local.sequences, c.hidden}, gradient);
  }
  backend_.pool_backward({d_pooled.data(), local.sequences, c.hidden}, local.offsets, c.pooling,
                         {work_.d1, local.tokens, c.hidden});

  for (size_t i = range.last; i-- > range.first;) {
    if (control.cancelled()) return Status::Aborted();
    const Saved::Layer& layer = saved.layers[i - range.first];
    UNIVAR_TRY(BackwardMlp(p, layout.layers[i], local, layer, grads));
    // The layer's input is the output of the norm before it.
    const float* input = work_.hidden;
    if (i == 0) {
      UNIVAR_TRY(RecomputeNorm(p, layout.norm, layout.norm_bias, local, saved.norm, work_.hidden));
    } else if (i == range.first) {
      input = saved.input;
    } else {
      const LayerParameters& below = layout.layers[i - 1];
      const Saved::Norm& norm = saved.layers[i - 1 - range.first].norm2;
      UNIVAR_TRY(RecomputeNorm(p, below.norm2, below.norm2_bias, local, norm, work_.hidden));
    }
    UNIVAR_TRY(BackwardAttention(p, layout.layers[i], local, layer, input, grads, control));
  }
  if (range.first > 0) return Status::Ok();
  UNIVAR_TRY(NormBackward(p, layout.norm, layout.norm_bias, local, saved.norm, work_.d1, grads));
  backend_.embedding_backward({local.ids, work_.positions, local.tokens, c.hidden}, work_.d1, c.padding_id,
                              grads + layout.word, Gradient(grads, layout.position), Gradient(grads, layout.type));
  return Status::Ok();
}

}  // namespace univar
