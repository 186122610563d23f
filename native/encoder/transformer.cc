#include "encoder/transformer.h"

#include "core/try.h"

namespace univar {
namespace {

LinearWeight Weight(const Parameters& p, size_t weight, size_t bias, size_t out, size_t in,
                    const std::unique_ptr<PackedWeight>& packed) {
  return {.w = p.f32 + weight,
          .w16 = p.bf16 == nullptr ? nullptr : p.bf16 + weight,
          .bias = bias == ParameterLayout::kNone ? nullptr : p.f32 + bias,
          .out = out,
          .in = in,
          .packed = packed.get()};
}

LinearWeight QkvWeight(const Parameters& p, size_t i) {
  const LayerParameters& layer = p.layout->layers[i];
  return Weight(p, layer.qkv, layer.qkv_bias, 3 * p.spec->hidden, p.spec->hidden, (*p.packed)[i].qkv);
}
LinearWeight OutWeight(const Parameters& p, size_t i) {
  const LayerParameters& layer = p.layout->layers[i];
  return Weight(p, layer.out, layer.out_bias, p.spec->hidden, p.spec->hidden, (*p.packed)[i].out);
}
LinearWeight Fc1Weight(const Parameters& p, size_t i) {
  const LayerParameters& layer = p.layout->layers[i];
  return Weight(p, layer.fc1, layer.fc1_bias, p.spec->fc1_rows(), p.spec->hidden, (*p.packed)[i].fc1);
}
LinearWeight Fc2Weight(const Parameters& p, size_t i) {
  const LayerParameters& layer = p.layout->layers[i];
  return Weight(p, layer.fc2, layer.fc2_bias, p.spec->hidden, p.spec->inner, (*p.packed)[i].fc2);
}

float* Gradient(float* grads, size_t offset) { return offset == ParameterLayout::kNone ? nullptr : grads + offset; }

// The side of activations that a product reads.
float* Floats(const Activations& x) { return x.bf16 == nullptr ? x.f32 : nullptr; }
ActivationInput Input(const Activations& x) { return {Floats(x), x.bf16}; }
ActivationOutput Output(const Activations& x) { return {Floats(x), x.bf16}; }

}  // namespace

Status PackLayer(const Backend& backend, const Parameters& p, size_t i, Scratch* scratch, PackedLayer* packed) {
  UNIVAR_TRY(backend.pack_weight(QkvWeight(p, i), p.precision, scratch, &packed->qkv));
  UNIVAR_TRY(backend.pack_weight(OutWeight(p, i), p.precision, scratch, &packed->out));
  UNIVAR_TRY(backend.pack_weight(Fc1Weight(p, i), p.precision, scratch, &packed->fc1));
  return backend.pack_weight(Fc2Weight(p, i), p.precision, scratch, &packed->fc2);
}

AttentionShape Transformer::Shape(const Parameters& p, const Local& local) const {
  return {local.offsets, local.sequences, p.spec->heads, p.spec->head_dim(), local.tokens};
}

Status Transformer::Prepare(const Parameters& p, const PackedTokens& batch, Local* local) {
  UNIVAR_TRY(work_.Reserve(*p.spec, p.precision, batch.tokens(), batch.sequences));
  const size_t tokens = batch.tokens();
  const int32_t base = batch.offsets[0];
  indices_.assign(batch.ids + base, batch.ids + base + tokens);
  for (size_t s = 0; s < batch.sequences; ++s) {
    for (int32_t t = batch.offsets[s]; t < batch.offsets[s + 1]; ++t) indices_.push_back(t - batch.offsets[s]);
  }
  for (size_t s = 0; s <= batch.sequences; ++s) indices_.push_back(batch.offsets[s] - base);
  work_.positions = work_.ids + tokens;
  work_.offsets = work_.positions + tokens;
  *local = {work_.ids, work_.offsets, tokens, batch.sequences};
  return Copy(work_.ids, indices_.data(), indices_.size());
}

Status Transformer::Norm(const Parameters& p, size_t weight, size_t bias, const Local& local, const Saved::Norm& saved,
                         const Activations& y) {
  return backend_.layer_norm_forward({.x = {saved.sum, local.tokens, p.spec->hidden},
                                      .weight = p.f32 + weight,
                                      .bias = p.f32 + bias,
                                      .epsilon = p.spec->epsilon,
                                      .sum = saved.sum,
                                      .mean = saved.mean,
                                      .rstd = saved.rstd,
                                      .y = y.f32,
                                      .y16 = y.bf16});
}

Status Transformer::NormBackward(const Parameters& p, size_t weight, size_t bias, const Local& local,
                                 const Saved::Norm& saved, const Activations& gradient, float* grads) {
  return backend_.layer_norm_backward({.dy = {gradient.f32, local.tokens, p.spec->hidden},
                                       .sum = saved.sum,
                                       .mean = saved.mean,
                                       .rstd = saved.rstd,
                                       .weight = p.f32 + weight,
                                       .dsum = gradient.f32,
                                       .dsum16 = gradient.bf16,
                                       .dweight = grads + weight,
                                       .dbias = grads + bias});
}

Status Transformer::Project(const Parameters& p, size_t layer, const Local& local, const Activations& x, float* qkv) {
  const EncoderSpec& spec = *p.spec;
  UNIVAR_TRY(backend_.linear_forward(QkvWeight(p, layer), {.x = Floats(x),
                                                           .x16 = x.bf16,
                                                           .y = qkv,
                                                           .rows = local.tokens,
                                                           .precision = p.precision,
                                                           .scratch = &work_.scratch}));
  return spec.positions == Positions::kRotary ? Rotate(p, local, qkv, false) : Status::Ok();
}

// Queries and keys by their positions, or back.
Status Transformer::Rotate(const Parameters& p, const Local& local, float* qkv, bool inverse) {
  return backend_.rope({.qkv = qkv,
                        .positions = work_.positions,
                        .tokens = local.tokens,
                        .heads = p.spec->heads,
                        .head_dim = p.spec->head_dim(),
                        .cosines = p.cosines,
                        .sines = p.sines,
                        .inverse = inverse});
}

// work_.wide = the activation of `pre`, in the precision that the next product reads.
Status Transformer::Activate(const Parameters& p, const Local& local, const Activations& pre) {
  const size_t inner = p.spec->inner;
  switch (p.spec->activation) {
    case Activation::kGelu: return backend_.gelu_forward(Input(pre), Output(work_.wide), local.tokens * inner);
    case Activation::kSwiglu: return backend_.swiglu_forward(Input(pre), Output(work_.wide), local.tokens, inner);
  }
  UNIVAR_UNREACHABLE();
}

// work_.dpre = the gradient of `pre` from that of its activation, work_.dwide; work_.wide = the activation once more.
Status Transformer::ActivateBackward(const Parameters& p, const Local& local, const Activations& pre) {
  const size_t inner = p.spec->inner;
  const ActivationInput dy = Input(work_.dwide);
  const ActivationOutput dx = Output(work_.dpre), y = Output(work_.wide);
  switch (p.spec->activation) {
    case Activation::kGelu: return backend_.gelu_backward(Input(pre), dy, dx, y, local.tokens * inner);
    case Activation::kSwiglu: return backend_.swiglu_backward(Input(pre), dy, dx, y, local.tokens, inner);
  }
  UNIVAR_UNREACHABLE();
}

// work_.hidden holds the layer's input and receives its output.
Status Transformer::ForwardLayer(const Parameters& p, size_t i, const Local& local, const Saved::Layer& saved,
                                 bool trains, const Control& control) {
  const EncoderSpec& spec = *p.spec;
  const LayerParameters& layer = p.layout->layers[i];
  const size_t tokens = local.tokens;
  const auto multiply = [&](const LinearWeight& weight, LinearForwardArgs args) {
    args.rows = tokens;
    args.precision = p.precision;
    args.scratch = &work_.scratch;
    return backend_.linear_forward(weight, args);
  };
  float* qkv = saved.qkv == nullptr ? work_.qkv : saved.qkv;
  UNIVAR_TRY(Project(p, i, local, work_.hidden, qkv));
  UNIVAR_TRY(
      backend_.attention_forward({Shape(p, local), qkv, saved.o.f32, saved.lse, saved.o.bf16, p.precision}, control));
  UNIVAR_TRY(multiply(OutWeight(p, i),
                      {.x = saved.o.f32, .x16 = saved.o.bf16, .y = saved.norm1.sum, .residual = work_.hidden.f32}));
  UNIVAR_TRY(Norm(p, layer.norm1, layer.norm1_bias, local, saved.norm1, work_.hidden1));

  LinearForwardArgs fc1{.x = Floats(work_.hidden1), .x16 = work_.hidden1.bf16};
  if (trains || spec.activation != Activation::kGelu) {
    // Backward needs what goes into the activation, and products can end with GELU only.
    fc1.y = saved.pre.f32;
    fc1.y16 = saved.pre.bf16;
    UNIVAR_TRY(multiply(Fc1Weight(p, i), fc1));
    UNIVAR_TRY(Activate(p, local, saved.pre));
  } else {
    fc1.gelu = true;
    fc1.y = Floats(work_.wide);
    fc1.y16 = work_.wide.bf16;
    UNIVAR_TRY(multiply(Fc1Weight(p, i), fc1));
  }
  UNIVAR_TRY(
      multiply(Fc2Weight(p, i),
               {.x = Floats(work_.wide), .x16 = work_.wide.bf16, .y = saved.norm2.sum, .residual = work_.hidden1.f32}));
  return Norm(p, layer.norm2, layer.norm2_bias, local, saved.norm2, work_.hidden);
}

Status Transformer::Embed(const Parameters& p, const Local& local, const Saved::Norm& saved) {
  const ParameterLayout& layout = *p.layout;
  UNIVAR_TRY(backend_.embedding_forward({local.ids, work_.positions, local.tokens, p.spec->hidden}, p.f32 + layout.word,
                                        layout.position == ParameterLayout::kNone ? nullptr : p.f32 + layout.position,
                                        layout.type == ParameterLayout::kNone ? nullptr : p.f32 + layout.type,
                                        saved.sum));
  if (!p.spec->embedding_norm) return SetStates(p, local, saved.sum);
  return Norm(p, layout.norm, layout.norm_bias, local, saved, work_.hidden);
}

// work_.hidden = states, of the host or the backend.
Status Transformer::SetStates(const Parameters& p, const Local& local, const float* states) {
  const size_t size = local.tokens * p.spec->hidden;
  UNIVAR_TRY(Copy(work_.hidden.f32, states, size));
  return work_.hidden.bf16 == nullptr ? Status::Ok() : backend_.round_bf16(work_.hidden.f32, work_.hidden.bf16, size);
}

Status Transformer::Forward(const Parameters& p, const PackedTokens& batch, const LayerRange& range, const Saved* saved,
                            float* embeddings, float* hidden_out, const Control& control) {
  const EncoderSpec& spec = *p.spec;
  Local local;
  UNIVAR_TRY(Prepare(p, batch, &local));
  const size_t states = local.tokens * spec.hidden;
  const bool embeds = range.lower == nullptr;
  if (saved == nullptr || (embeds && range.first > 0)) {
    UNIVAR_TRY(forgotten_.Allocate(spec, p.precision, {0, 1}, local.tokens, local.sequences, false));
  }
  if (embeds) {
    UNIVAR_TRY(Embed(p, local, saved == nullptr || range.first > 0 ? forgotten_.norm : saved->norm));
  } else {
    UNIVAR_TRY(SetStates(p, local, range.lower));
  }
  for (size_t i = embeds ? 0 : range.first; i < range.last; ++i) {
    if (control.cancelled()) return Status::Aborted();
    const bool keep = saved != nullptr && i >= range.first;
    if (keep && i == range.first && i > 0) UNIVAR_TRY(Copy(saved->input, work_.hidden.f32, states));
    UNIVAR_TRY(ForwardLayer(p, i, local, keep ? saved->layers[i - range.first] : forgotten_.layers[0], keep, control));
  }
  if (hidden_out != nullptr) UNIVAR_TRY(Copy(hidden_out, work_.hidden.f32, states));
  const Matrix pooled{saved == nullptr ? forgotten_.pooled : saved->pooled, local.sequences, spec.hidden};
  UNIVAR_TRY(
      backend_.pool({work_.hidden.f32, local.tokens, spec.hidden}, local.offsets, spec.pooling, pooled, control));
  if (spec.normalize) {
    // Backward needs what was there before.
    const Matrix unit{saved == nullptr ? pooled.data : embeddings, local.sequences, spec.hidden};
    UNIVAR_TRY(backend_.l2_normalize({pooled.data, pooled.rows, pooled.cols}, unit, Control()));
    if (unit.data == embeddings) return Status::Ok();
  }
  return Copy(embeddings, pooled.data, pooled.size());
}

// work_.d1 holds the gradient of the layer's output and receives that of its attention half.
Status Transformer::BackwardMlp(const Parameters& p, size_t i, const Local& local, const Saved::Layer& saved,
                                float* grads) {
  const LayerParameters& layer = p.layout->layers[i];
  const size_t tokens = local.tokens;
  UNIVAR_TRY(NormBackward(p, layer.norm2, layer.norm2_bias, local, saved.norm2, work_.d1, grads));
  const auto multiply = [&](const LinearWeight& weight, LinearBackwardArgs args) {
    args.rows = tokens;
    args.precision = p.precision;
    args.scratch = &work_.scratch;
    return backend_.linear_backward(weight, args);
  };
  // In two halves, because the activation between them is computed again together with its gradient.
  UNIVAR_TRY(
      multiply(Fc2Weight(p, i),
               {.dy = Floats(work_.d1), .dy16 = work_.d1.bf16, .dx = Floats(work_.dwide), .dx16 = work_.dwide.bf16}));
  UNIVAR_TRY(ActivateBackward(p, local, saved.pre));
  UNIVAR_TRY(multiply(Fc2Weight(p, i), {.x = Floats(work_.wide),
                                        .x16 = work_.wide.bf16,
                                        .dy = Floats(work_.d1),
                                        .dy16 = work_.d1.bf16,
                                        .dw = grads + layer.fc2,
                                        .db = Gradient(grads, layer.fc2_bias)}));
  const Activations input{Floats(work_.hidden1), work_.hidden1.bf16};
  UNIVAR_TRY(Norm(p, layer.norm1, layer.norm1_bias, local, saved.norm1, input));
  // The residual branch: d1 already holds the gradient that bypasses the MLP.
  return multiply(Fc1Weight(p, i), {.x = input.f32,
                                    .x16 = input.bf16,
                                    .dy = Floats(work_.dpre),
                                    .dy16 = work_.dpre.bf16,
                                    .dx = work_.d1.f32,
                                    .accumulate_dx = true,
                                    .dw = grads + layer.fc1,
                                    .db = Gradient(grads, layer.fc1_bias)});
}

// work_.d1 holds the gradient of the first layer norm's output and receives that of the layer's input.
Status Transformer::BackwardAttention(const Parameters& p, size_t i, const Local& local, const Saved::Layer& saved,
                                      const Activations& input, float* grads, const Control& control) {
  const EncoderSpec& spec = *p.spec;
  const LayerParameters& layer = p.layout->layers[i];
  UNIVAR_TRY(NormBackward(p, layer.norm1, layer.norm1_bias, local, saved.norm1, work_.d1, grads));
  UNIVAR_TRY(backend_.linear_backward(OutWeight(p, i), {.x = saved.o.f32,
                                                        .x16 = saved.o.bf16,
                                                        .dy = Floats(work_.d1),
                                                        .dy16 = work_.d1.bf16,
                                                        .rows = local.tokens,
                                                        .dx = work_.d2,
                                                        .dw = grads + layer.out,
                                                        .db = Gradient(grads, layer.out_bias),
                                                        .precision = p.precision,
                                                        .scratch = &work_.scratch}));
  const float* qkv = saved.qkv;
  if (qkv == nullptr) {
    UNIVAR_TRY(Project(p, i, local, input, work_.qkv));
    qkv = work_.qkv;
  }
  UNIVAR_TRY(backend_.attention_backward({.shape = Shape(p, local),
                                          .qkv = qkv,
                                          .o = saved.o.f32,
                                          .lse = saved.lse,
                                          .d_o = work_.d2,
                                          .dqkv = work_.dqkv,
                                          .o16 = saved.o.bf16,
                                          .precision = p.precision},
                                         control));
  if (spec.positions == Positions::kRotary) UNIVAR_TRY(Rotate(p, local, work_.dqkv, true));
  return backend_.linear_backward(QkvWeight(p, i), {.x = Floats(input),
                                                    .x16 = input.bf16,
                                                    .dy = work_.dqkv,
                                                    .rows = local.tokens,
                                                    .dx = work_.d1.f32,
                                                    .accumulate_dx = true,
                                                    .dw = grads + layer.qkv,
                                                    .db = Gradient(grads, layer.qkv_bias),
                                                    .precision = p.precision,
                                                    .scratch = &work_.scratch});
}

Status Transformer::Backward(const Parameters& p, const PackedTokens& batch, const LayerRange& range,
                             const Saved& saved, const float* d_embeddings, float* grads, const Control& control) {
  const EncoderSpec& spec = *p.spec;
  const ParameterLayout& layout = *p.layout;
  Local local;
  UNIVAR_TRY(Prepare(p, batch, &local));

  const Matrix gradient{work_.d_pooled, local.sequences, spec.hidden};
  UNIVAR_TRY(Copy(gradient.data, d_embeddings, gradient.size()));
  const ConstMatrix d_pooled{gradient.data, gradient.rows, gradient.cols};
  if (spec.normalize)
    UNIVAR_TRY(backend_.l2_normalize_backward({saved.pooled, local.sequences, spec.hidden}, d_pooled, gradient));
  UNIVAR_TRY(backend_.pool_backward(d_pooled, local.offsets, spec.pooling, {work_.d1.f32, local.tokens, spec.hidden}));

  const Activations recomputed{Floats(work_.hidden), work_.hidden.bf16};
  for (size_t i = range.last; i-- > range.first;) {
    if (control.cancelled()) return Status::Aborted();
    const Saved::Layer& layer = saved.layers[i - range.first];
    UNIVAR_TRY(BackwardMlp(p, i, local, layer, grads));
    // The layer's input is the output of the norm before it.
    Activations input = recomputed;
    if (i == 0 && !spec.embedding_norm) {
      input = {.f32 = saved.norm.sum};
    } else if (i == 0) {
      UNIVAR_TRY(Norm(p, layout.norm, layout.norm_bias, local, saved.norm, input));
    } else if (i == range.first) {
      input = {.f32 = saved.input};
    } else {
      const LayerParameters& below = layout.layers[i - 1];
      UNIVAR_TRY(Norm(p, below.norm2, below.norm2_bias, local, saved.layers[i - 1 - range.first].norm2, input));
    }
    UNIVAR_TRY(BackwardAttention(p, i, local, layer, input, grads, control));
  }
  if (range.first > 0) return Status::Ok();
  if (spec.embedding_norm)
    UNIVAR_TRY(NormBackward(p, layout.norm, layout.norm_bias, local, saved.norm, work_.d1, grads));
  return backend_.embedding_backward({local.ids, work_.positions, local.tokens, spec.hidden}, work_.d1.f32,
                                     spec.padding_id, grads + layout.word, Gradient(grads, layout.position),
                                     Gradient(grads, layout.type));
}

}  // namespace univar
