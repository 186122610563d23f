#include "encoder/model.h"

#include <cmath>
#include <string>

namespace univar {

Model::Model(const Backend& backend, const EncoderSpec& spec)
    : backend_(backend),
      spec_(spec),
      layout_(spec),
      transformer_(backend),
      parameters_(*backend.memory),
      gradients_(*backend.memory),
      m_(*backend.memory),
      v_(*backend.memory),
      rounded_(*backend.memory),
      embeddings_(*backend.memory),
      d_embeddings_(*backend.memory),
      cosines_(*backend.memory),
      sines_(*backend.memory) {}

Status Model::Initialize(Precision precision) {
  precision_ = precision;
  if (precision == Precision::kInt8 && !backend_.int8) {
    return Status::Error(Code::kArgRange,
                         std::string("Backend ") + backend_.name + " runs encoders in f32 or bf16, not in int8");
  }
  if (Status s = parameters_.Allocate(layout_.size(), "encoder parameters"); !s.ok()) return s;
  if (Status s = parameters_.Clear(); !s.ok()) return s;
  if (precision == Precision::kBf16) {
    if (Status s = rounded_.Allocate(layout_.size(), "rounded parameters"); !s.ok()) return s;
  }
  if (spec_.positions == Positions::kRotary) {
    if (Status s = MakeRotaryTables(); !s.ok()) return s;
  }
  return backend_.memory->wait();
}

Status Model::MakeRotaryTables() {
  const size_t half = spec_.head_dim() / 2, size = spec_.max_positions * half;
  AlignedBuffer<float> cosines, sines;  // of the host
  for (AlignedBuffer<float>* table : {&cosines, &sines, &cosines_, &sines_}) {
    if (Status s = table->Allocate(size, "rotary table"); !s.ok()) return s;
  }
  for (size_t position = 0; position < spec_.max_positions; ++position) {
    for (size_t m = 0; m < half; ++m) {
      const double exponent = -2.0 * static_cast<double>(m) / static_cast<double>(spec_.head_dim());
      const double angle = static_cast<double>(position) * std::pow(spec_.rope_base, exponent);
      cosines[position * half + m] = static_cast<float>(std::cos(angle));
      sines[position * half + m] = static_cast<float>(std::sin(angle));
    }
  }
  if (Status s = backend_.memory->copy(cosines_.data(), cosines.data(), size * sizeof(float)); !s.ok()) return s;
  return backend_.memory->copy(sines_.data(), sines.data(), size * sizeof(float));
}

size_t Model::bytes() const {
  const size_t floats =
      parameters_.size() + gradients_.size() + m_.size() + v_.size() + cosines_.size() + sines_.size();
  return floats * sizeof(float) + rounded_.size() * sizeof(uint16_t);
}

Status Model::AllocateTraining() {
  const std::lock_guard<std::mutex> lock(training_mutex_);
  for (AlignedBuffer<float>* block : {&gradients_, &m_, &v_}) {
    if (block->size() != 0) continue;
    if (Status s = block->Allocate(layout_.size(), "gradients and moments"); !s.ok()) return s;
    if (Status s = block->Clear(); !s.ok()) return s;
  }
  return Status::Ok();
}

Status Model::Borrow(Parameters* parameters) {
  *parameters = {.spec = &spec_,
                 .layout = &layout_,
                 .f32 = parameters_.data(),
                 .bf16 = rounded_.data(),
                 .packed = &packed_,
                 .cosines = cosines_.data(),
                 .sines = sines_.data(),
                 .precision = precision_};
  // First, so that a change during the renewal is not forgotten.
  if (!stale_.exchange(false)) return Status::Ok();
  Status renewed = RenewCopies(*parameters);
  if (!renewed.ok()) stale_ = true;
  return renewed;
}

Status Model::RenewCopies(const Parameters& parameters) {
  if (precision_ == Precision::kBf16) {
    if (Status s = backend_.round_bf16(parameters_.data(), rounded_.data(), parameters_.size()); !s.ok()) return s;
  }
  packed_.resize(spec_.layers);
  for (size_t i = 0; i < spec_.layers; ++i) {
    if (Status s = PackLayer(backend_, parameters, i, &packing_, &packed_[i]); !s.ok()) return s;
  }
  return Status::Ok();
}

Status Model::Encode(const PackedTokens& batch, size_t layers, float* embeddings, float* hidden,
                     const Control& control) {
  Parameters parameters;
  if (Status s = Borrow(&parameters); !s.ok()) return s;
  for (const PackedTokens& part : SplitBatch(batch, backend_.micro_batch_tokens)) {
    const size_t first = static_cast<size_t>(part.offsets - batch.offsets);
    const size_t token = static_cast<size_t>(part.offsets[0] - batch.offsets[0]);
    float* states = hidden == nullptr ? nullptr : hidden + token * spec_.hidden;
    if (Status s = transformer_.Forward(parameters, part, {0, layers}, nullptr, embeddings + first * spec_.hidden,
                                        states, control);
        !s.ok()) {
      return s;
    }
    control.report(static_cast<int64_t>(first + part.sequences));
  }
  return backend_.memory->wait();
}

Status Model::ForwardBackward(const PackedTokens& batch, const StepSettings& settings, const LossFn& loss_fn,
                              double* loss, const Control& control) {
  if (Status s = AllocateTraining(); !s.ok()) return s;
  if (Status s = gradients_.Clear(); !s.ok()) return s;
  Parameters parameters;
  if (Status s = Borrow(&parameters); !s.ok()) return s;
  const std::vector<PackedTokens> parts = SplitBatch(batch, backend_.micro_batch_tokens);
  const auto range = [&](const PackedTokens& part) {
    const size_t token = static_cast<size_t>(part.offsets[0] - batch.offsets[0]);
    const float* lower = settings.lower_states;
    return LayerRange{.first = settings.first_trained_layer,
                      .last = spec_.layers,
                      .lower = lower == nullptr ? nullptr : lower + token * spec_.hidden};
  };
  const auto bytes = [&](bool keep_qkv) {
    return batch.tokens() * Saved::FloatsPerToken(spec_, parameters.precision, range(batch), keep_qkv) * sizeof(float);
  };
  const bool keep_qkv = bytes(true) <= settings.memory_budget;
  const bool keep_all_parts = bytes(false) <= settings.memory_budget;
  if (!keep_all_parts && saved_.size() > 1) saved_.erase(saved_.begin() + 1, saved_.end());
  while (saved_.size() < (keep_all_parts ? parts.size() : 1)) saved_.emplace_back(backend_);

  const size_t size = batch.sequences * spec_.hidden;
  if (Status s = embeddings_.Reserve(size, "embeddings"); !s.ok()) return s;
  if (Status s = d_embeddings_.Reserve(size, "embedding gradients"); !s.ok()) return s;
  const auto row = [&](const PackedTokens& part) {
    return static_cast<size_t>(part.offsets - batch.offsets) * spec_.hidden;
  };
  const auto forward = [&](const PackedTokens& part, Saved* saved) -> Status {
    if (saved != nullptr) {
      const bool qkv = keep_qkv || !keep_all_parts;
      if (Status s = saved->Allocate(spec_, parameters.precision, range(part), part.tokens(), part.sequences, qkv);
          !s.ok()) {
        return s;
      }
    }
    return transformer_.Forward(parameters, part, range(part), saved, embeddings_.data() + row(part), nullptr, control);
  };

  for (size_t i = 0; i < parts.size(); ++i) {
    if (Status s = forward(parts[i], keep_all_parts ? &saved_[i] : nullptr); !s.ok()) return s;
  }
  if (Status s = backend_.memory->wait(); !s.ok()) return s;
  if (Status s = loss_fn(embeddings_.data(), d_embeddings_.data(), loss); !s.ok()) return s;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!keep_all_parts) {
      if (Status s = forward(parts[i], &saved_[0]); !s.ok()) return s;
    }
    const Saved& saved = saved_[keep_all_parts ? i : 0];
    if (Status s = transformer_.Backward(parameters, parts[i], range(parts[i]), saved,
                                         d_embeddings_.data() + row(parts[i]), gradients_.data(), control);
        !s.ok()) {
      return s;
    }
  }
  return backend_.memory->wait();
}

size_t Model::FirstTrainedOffset(size_t first_trained_layer) const {
  if (first_trained_layer == 0) return 0;
  return first_trained_layer >= spec_.layers ? layout_.size() : layout_.layers[first_trained_layer].qkv;
}

Status Model::Update(const UpdateSettings& settings, size_t first_trained_layer, double* norm) {
  double square = 0;
  if (Status s = backend_.squared_norm(gradients_.data(), gradients_.size(), &square); !s.ok()) return s;
  *norm = std::sqrt(square);
  if (!std::isfinite(*norm)) {
    return Status::Error(Code::kNonFinite, "The gradient norm is " + std::to_string(*norm) + " at step " +
                                               std::to_string(settings.adamw.step));
  }
  AdamWArgs args = settings.adamw;
  if (settings.max_grad_norm > 0 && *norm > settings.max_grad_norm) args.scale = settings.max_grad_norm / *norm;
  const size_t first = FirstTrainedOffset(first_trained_layer);
  const double decay = args.weight_decay;
  for (const Parameter& parameter : layout_.parameters()) {
    if (parameter.offset < first) continue;
    const size_t at = parameter.offset;
    args.weight_decay = parameter.matrix ? decay : 0.0;
    Status s = backend_.adamw(args, gradients_.data() + at, m_.data() + at, v_.data() + at, parameters_.data() + at,
                              parameter.size());
    if (!s.ok()) return s;
  }
  ParametersChanged();
  return backend_.memory->wait();
}

}  // namespace univar
