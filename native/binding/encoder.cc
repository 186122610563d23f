// The trainable encoder as a handle. All jobs run on the engine thread, so the jobs of one handle never overlap and run
// in the order of the calls. Each job holds the model, so dispose() takes effect when the last job has finished.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "binding/args.h"
#include "binding/exports.h"
#include "binding/promise_worker.h"
#include "encoder/model.h"

namespace univar {
namespace {

EncoderSpec SpecArg(const Napi::CallbackInfo& info, size_t index) {
  const Options given(info, index);
  EncoderSpec spec;
  spec.layers = given.Size("layers");
  spec.hidden = given.Size("hidden");
  spec.heads = given.Size("heads");
  spec.inner = given.Size("inner");
  spec.vocabulary = given.Size("vocabulary");
  spec.types = given.Size("types");
  spec.max_positions = given.Size("maxPositions");
  spec.positions = given.Enum<Positions>("positions");
  spec.rope_base = given.Number("ropeBase");
  spec.embedding_norm = given.Flag("embeddingNorm");
  spec.activation = given.Enum<Activation>("activation");
  spec.biases = given.Flag("biases");
  spec.epsilon = given.Number("epsilon");
  spec.pooling = given.Enum<Pooling>("pooling");
  spec.normalize = given.Flag("normalize");
  spec.padding_id = static_cast<int32_t>(given.Number("paddingId"));
  if (spec.heads == 0 || spec.hidden % spec.heads != 0) ThrowExpected(info.Env(), "a divisor of hidden", "heads");
  return spec;
}

// A copy of packed tokens.
struct Tokens {
  std::vector<int32_t> ids, offsets;

  PackedTokens packed() const { return {ids.data(), offsets.data(), offsets.size() - 1}; }
};

// Reads packed tokens and checks ids and lengths against the model, because kernels use them as indices unchecked.
Tokens TokensIn(const Options& batch, const EncoderSpec& spec) {
  Tokens tokens{IndicesOf(Int32Of(batch.Get("ids"), "ids"), "ids"),
                IndicesOf(Int32Of(batch.Get("offsets"), "offsets"), "offsets")};
  const std::vector<int32_t>& o = tokens.offsets;
  const size_t entries = o.size();
  const auto refuse = [&](const std::string& why) { ThrowCoded(batch.Env(), "ERR_INTERNAL", why); };
  if (entries == 0 || o[0] != 0 || static_cast<size_t>(o[entries - 1]) != tokens.ids.size()) {
    refuse("\"offsets\" must start at 0 and end at the number of ids");
  }
  for (size_t s = 0; s + 1 < entries; ++s) {
    if (o[s + 1] <= o[s] || static_cast<size_t>(o[s + 1] - o[s]) > spec.max_positions) {
      refuse("Sequence " + std::to_string(s) + " is empty or has more tokens than the model has positions");
    }
  }
  for (const int32_t id : tokens.ids) {
    if (id < 0 || static_cast<size_t>(id) >= spec.vocabulary) {
      refuse("Token id " + std::to_string(id) + " is outside the vocabulary");
    }
  }
  return tokens;
}

size_t LayersIn(const Options& batch, const char* name, const EncoderSpec& spec) {
  const size_t layers = batch.Size(name);
  if (layers > spec.layers) ThrowExpected(batch.Env(), "at most the number of layers of the model", name);
  return layers;
}

class EncodeWorker final : public PromiseWorker {
 public:
  EncodeWorker(const Napi::CallbackInfo& info, std::shared_ptr<Model> model)
      : PromiseWorker(info, Lane::kEngine), model_(std::move(model)) {
    Options batch(info, 0);
    const EncoderSpec& spec = model_->spec();
    tokens_ = TokensIn(batch, spec);
    embeddings_ = batch.Floats("embeddings", tokens_.packed().sequences, spec.hidden).data;
    layers_ = LayersIn(batch, "layers", spec);
    if (batch.Has("hidden")) hidden_ = batch.Floats("hidden", tokens_.ids.size(), spec.hidden).data;
    Keep(batch);
    TakeControl(info, 1);
  }

 private:
  Status Execute() override { return model_->Encode(tokens_.packed(), layers_, embeddings_, hidden_, control()); }
  Napi::Value Result(Napi::Env env) override { return env.Undefined(); }

  std::shared_ptr<Model> model_;
  Tokens tokens_;
  size_t layers_ = 0;
  float* embeddings_ = nullptr;
  float* hidden_ = nullptr;
};

struct LossSettings {
  InfoNceMode mode = InfoNceMode::kOneWay;
  double logit_scale = 1;
  const int32_t* labels = nullptr;
};

// Computes loss and gradients of one batch. The first half of the sequences are the queries, the second half their
// keys.
class BackwardWorker : public PromiseWorker {
 public:
  BackwardWorker(const Napi::CallbackInfo& info, std::shared_ptr<Model> model)
      : PromiseWorker(info, Lane::kEngine), model_(std::move(model)) {
    Options batch(info, 0);
    const EncoderSpec& spec = model_->spec();
    tokens_ = TokensIn(batch, spec);
    const size_t sequences = tokens_.packed().sequences;
    if (sequences == 0 || sequences % 2 != 0) {
      ThrowCoded(info.Env(), "ERR_INTERNAL", "A batch must contain at least one query and as many keys as queries");
    }
    loss_settings_.mode = batch.Enum<InfoNceMode>("mode");
    if (TraitsOf(loss_settings_.mode).uses_labels) {
      Napi::Int32Array labels = batch.Int32("labels");
      CheckLength(info.Env(), labels.ElementLength(), sequences / 2, 1, "labels");
      loss_settings_.labels = labels.Data();
    }
    loss_settings_.logit_scale = batch.Number("logitScale");
    step_.memory_budget = batch.Size("memoryBudget");
    step_.first_trained_layer = LayersIn(batch, "firstTrainedLayer", spec);
    if (batch.Has("lowerStates") && step_.first_trained_layer > 0)
      step_.lower_states = batch.Floats("lowerStates", tokens_.ids.size(), spec.hidden).data;
    Keep(batch);
    TakeControl(info, 1);
  }

 protected:
  Status Execute() override {
    const size_t rows = tokens_.packed().sequences / 2, dim = model_->spec().hidden;
    const auto loss_fn = [&](const float* embeddings, float* d_embeddings, double* loss) {
      return GetBackend().info_nce({.query = embeddings,
                                    .key = embeddings + rows * dim,
                                    .labels = loss_settings_.labels,
                                    .d_query = d_embeddings,
                                    .d_key = d_embeddings + rows * dim,
                                    .rows = rows,
                                    .dim = dim,
                                    .logit_scale = loss_settings_.logit_scale,
                                    .mode = loss_settings_.mode,
                                    .backend_memory = true},
                                   loss, control());
    };
    return model_->ForwardBackward(tokens_.packed(), step_, loss_fn, &loss_, control());
  }
  // { loss: number }
  Napi::Value Result(Napi::Env env) override {
    Napi::Object result = Napi::Object::New(env);
    result["loss"] = loss_;
    return result;
  }

  std::shared_ptr<Model> model_;
  Tokens tokens_;
  LossSettings loss_settings_;
  StepSettings step_;
  double loss_ = 0;
};

// Computes loss and gradients and applies one AdamW update.
class StepWorker final : public BackwardWorker {
 public:
  StepWorker(const Napi::CallbackInfo& info, std::shared_ptr<Model> model) : BackwardWorker(info, std::move(model)) {
    const Options update(info, 0);
    update_.adamw.step = static_cast<int64_t>(update.Size("step"));
    update_.adamw.learning_rate = update.Number("learningRate");
    update_.adamw.weight_decay = update.Number("weightDecay");
    update_.adamw.beta1 = update.Number("beta1");
    update_.adamw.beta2 = update.Number("beta2");
    update_.adamw.epsilon = update.Number("epsilon");
    update_.max_grad_norm = update.Number("maxGradNorm");
  }

 private:
  Status Execute() override {
    if (Status s = BackwardWorker::Execute(); !s.ok()) return s;
    return model_->Update(update_, step_.first_trained_layer, &norm_);
  }
  // { loss: number; gradNorm: number }
  Napi::Value Result(Napi::Env env) override {
    Napi::Object result = BackwardWorker::Result(env).As<Napi::Object>();
    result["gradNorm"] = norm_;
    return result;
  }

  UpdateSettings update_;
  double norm_ = 0;
};

class EncoderHandle final : public Napi::ObjectWrap<EncoderHandle> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(
        env, "EncoderHandle",
        {InstanceMethod<&EncoderHandle::ParametersList>("parameters"), InstanceMethod<&EncoderHandle::Write>("write"),
         InstanceMethod<&EncoderHandle::Read>("read"), InstanceMethod<&EncoderHandle::Encode>("encode"),
         InstanceMethod<&EncoderHandle::Backward>("backward"), InstanceMethod<&EncoderHandle::Step>("step"),
         InstanceMethod<&EncoderHandle::Dispose>("dispose")});
  }

  // new EncoderHandle(spec: EncoderSpec, precision: EncoderPrecision)
  explicit EncoderHandle(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<EncoderHandle>(info), model_(std::make_shared<Model>(GetBackend(), SpecArg(info, 0))) {
    const Precision precision = EnumArg<Precision>(info, 1, "precision");
    if (Status s = model_->Initialize(precision); !s.ok()) ThrowCoded(info.Env(), CodeName(s.code()), s.message());
    Report(info.Env());
  }
  void Finalize(Napi::BasicEnv) override { model_.reset(); }

 private:
  std::shared_ptr<Model> Get(Napi::Env env) const {
    if (!model_) ThrowCoded(env, "ERR_DISPOSED", "The encoder was disposed");
    return model_;
  }

  // Reports to the garbage collector how much memory this small object holds.
  void Report(Napi::Env env) {
    const int64_t bytes = model_ ? static_cast<int64_t>(model_->bytes()) : 0;
    Napi::MemoryManagement::AdjustExternalMemory(env, bytes - reported_);
    reported_ = bytes;
  }

  // parameters(): { name: string; offset: number; rows: number; cols: number; matrix: boolean }[]
  Napi::Value ParametersList(const Napi::CallbackInfo& info) {
    const auto model = Get(info.Env());
    const auto& list = model->layout().parameters();
    Napi::Array result = Napi::Array::New(info.Env(), list.size());
    for (size_t i = 0; i < list.size(); ++i) {
      Napi::Object entry = Napi::Object::New(info.Env());
      entry["name"] = list[i].name;
      entry["offset"] = static_cast<double>(list[i].offset);
      entry["rows"] = static_cast<double>(list[i].rows);
      entry["cols"] = static_cast<double>(list[i].cols);
      entry["matrix"] = list[i].matrix;
      result[static_cast<uint32_t>(i)] = entry;
    }
    return result;
  }

  // Returns the block that `kind` names: parameters, gradients or moments.
  float* Block(const Napi::CallbackInfo& info, size_t index, const std::shared_ptr<Model>& model) {
    const std::string kind = StringArg(info, index, "kind");
    // Moments are zero before the first step, but a resumed training run writes them before its first step.
    if (kind == "firstMoments" || kind == "secondMoments") {
      if (Status s = model->AllocateTraining(); !s.ok()) ThrowCoded(info.Env(), CodeName(s.code()), s.message());
    }
    float* block = kind == "parameters"      ? model->parameters()
                   : kind == "gradients"     ? model->gradients()
                   : kind == "firstMoments"  ? model->first_moments()
                   : kind == "secondMoments" ? model->second_moments()
                                             : nullptr;
    if (block == nullptr) ThrowCoded(info.Env(), "ERR_INTERNAL", "The block \"" + kind + "\" does not exist");
    return block;
  }

  // write(kind: string, offset: number, values: Float32Array): void
  Napi::Value Write(const Napi::CallbackInfo& info) {
    const auto model = Get(info.Env());
    Napi::Float32Array values = Float32Arg(info, 2, "values");
    Copy(info, model, Block(info, 0, model) + Range(info, values, model), values.Data(), values.ElementLength());
    model->ParametersChanged();
    return info.Env().Undefined();
  }

  // read(kind: string, offset: number, out: Float32Array): void
  Napi::Value Read(const Napi::CallbackInfo& info) {
    const auto model = Get(info.Env());
    Napi::Float32Array values = Float32Arg(info, 2, "out");
    Copy(info, model, values.Data(), Block(info, 0, model) + Range(info, values, model), values.ElementLength());
    return info.Env().Undefined();
  }

  static void Copy(const Napi::CallbackInfo& info, const std::shared_ptr<Model>& model, float* to, const float* from,
                   size_t count) {
    Status s = model->memory().copy(to, from, count * sizeof(float));
    if (s.ok()) s = model->memory().wait();
    if (!s.ok()) ThrowCoded(info.Env(), CodeName(s.code()), s.message());
  }

  size_t Range(const Napi::CallbackInfo& info, const Napi::Float32Array& values, const std::shared_ptr<Model>& model) {
    const size_t offset = SizeArg(info, 1, "offset");
    const size_t size = model->layout().size();
    if (offset > size || values.ElementLength() > size - offset) {
      ThrowCoded(info.Env(), "ERR_INTERNAL", "The range is outside the block");
    }
    return offset;
  }

  // encode(batch: NativeEncode, control?: Int32Array): Promise<void>
  Napi::Value Encode(const Napi::CallbackInfo& info) {
    return PromiseWorker::Start(std::make_unique<EncodeWorker>(info, Get(info.Env())));
  }

  // backward(batch: NativeLoss, control?: Int32Array): Promise<{ loss: number }>
  Napi::Value Backward(const Napi::CallbackInfo& info) {
    return PromiseWorker::Start(std::make_unique<BackwardWorker>(info, Get(info.Env())));
  }

  // step(batch: NativeLoss & UpdateSettings, control?: Int32Array): Promise<{ loss: number; gradNorm: number }>
  Napi::Value Step(const Napi::CallbackInfo& info) {
    return PromiseWorker::Start(std::make_unique<StepWorker>(info, Get(info.Env())));
  }

  // dispose(): void
  Napi::Value Dispose(const Napi::CallbackInfo& info) {
    model_.reset();
    Report(info.Env());
    return info.Env().Undefined();
  }

  std::shared_ptr<Model> model_;
  int64_t reported_ = 0;
};

}  // namespace

void RegisterEncoder(Napi::Env env, Napi::Object exports) { exports["EncoderHandle"] = EncoderHandle::Define(env); }

}  // namespace univar
