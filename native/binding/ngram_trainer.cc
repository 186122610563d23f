// Entry points of n-gram corpora and of the trainer of n-gram tables.
#include <algorithm>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "binding/exports.h"
#include "binding/ngram_handles.h"
#include "binding/ngram_settings.h"
#include "binding/promise_worker.h"
#include "binding/texts.h"

namespace univar {
namespace {

class AddWorker final : public PromiseWorker {
 public:
  explicit AddWorker(const Napi::CallbackInfo& info)
      : PromiseWorker(info, Lane::kEngine),
        corpus_(NgramCorpusHandle::Get(info, 0)),
        texts_(TextsArg(info, 1, "texts")) {
    Keep(info[0]);
    TakeControl(info, 2);
  }

 private:
  Status Execute() override {
    if (Status s = corpus_->Add(texts_, control()); !s.ok()) return s;
    const FeatureBlocks& features = corpus_->features();
    size_ = features.size();
    features_ = features.features();
    bytes_ = features.MemoryBytes();
    return Status::Ok();
  }
  // { size: number; features: number }
  Napi::Value Result(Napi::Env env) override {
    NgramCorpusHandle::Resize(env, Kept(0), bytes_);
    Napi::Object result = Napi::Object::New(env);
    result["size"] = static_cast<double>(size_);
    result["features"] = static_cast<double>(features_);
    return result;
  }

  NgramCorpusHandle::Pointer corpus_;
  TextBatch texts_;
  size_t size_ = 0, features_ = 0, bytes_ = 0;
};

class CreateWorker final : public PromiseWorker {
 public:
  explicit CreateWorker(const Napi::CallbackInfo& info)
      : PromiseWorker(info, Lane::kEngine), corpus_(NgramCorpusHandle::Get(info, 0)) {
    Options given(info, 1);
    settings_.min_texts = given.Size("minTexts");
    settings_.max_rows = std::min<size_t>(given.Size("maxRows"), INT32_MAX);
    settings_.dim = given.Size("dim");
    settings_.seed = given.Size("seed");
    if (settings_.dim == 0) ThrowExpected(info.Env(), "at least 1", "dim");
    if (!info[2].IsUndefined()) base_ = NgramTableHandle::Get(info, 2);
    TakeControl(info, 3);
  }

 private:
  Status Execute() override {
    const NgramTable* base = base_ ? base_->table.get() : nullptr;
    return NgramTrainer::Create(corpus_->features(), settings_, base, control(), &trainer_);
  }
  // { handle: NgramTrainerHandle; rows: number; texts: number }
  Napi::Value Result(Napi::Env env) override {
    const size_t bytes = trainer_->MemoryBytes();
    Napi::Object result = Napi::Object::New(env);
    result["rows"] = static_cast<double>(trainer_->keys().size());
    result["texts"] = static_cast<double>(trainer_->texts());
    result["handle"] = NgramTrainerHandle::New(env, std::move(trainer_), bytes);
    return result;
  }

  NgramCorpusHandle::Pointer corpus_;
  NgramTableHandle::Pointer base_;
  NgramTrainerSettings settings_;
  std::unique_ptr<NgramTrainer> trainer_;
};

class StepsWorker final : public PromiseWorker {
 public:
  explicit StepsWorker(const Napi::CallbackInfo& info)
      : PromiseWorker(info, Lane::kEngine), trainer_(NgramTrainerHandle::Get(info, 0)) {
    Options given(info, 1);
    PairBatch& batch = steps_.first;
    batch.pairs = given.Size("pairs");
    if (batch.pairs == 0 || batch.pairs > INT32_MAX / 2) ThrowExpected(info.Env(), "at least one pair", "pairs");
    Napi::Float64Array rates = given.Float64("learningRates"), losses = given.Float64("losses");
    steps_.steps = rates.ElementLength();
    CheckLength(info.Env(), losses.ElementLength(), steps_.steps, 1, "losses");
    steps_.learning_rates = rates.Data();
    losses_ = losses.Data();
    queries_ = TextNumbers(given, "queries");
    keys_ = TextNumbers(given, "keys");
    batch.queries = queries_.data();
    batch.keys = keys_.data();
    batch.logit_scale = given.Number("logitScale");
    batch.mode = given.Enum<InfoNceMode>("mode");
    if (TraitsOf(batch.mode).uses_labels) {
      Napi::Int32Array labels = given.Int32("labels");
      CheckLength(info.Env(), labels.ElementLength(), steps_.steps, batch.pairs, "labels");
      batch.labels = labels.Data();
    }
    Keep(given);
    TakeControl(info, 2);
  }

 private:
  // Memory safety: every entry must be a text.
  std::vector<int32_t> TextNumbers(const Options& given, const char* name) const {
    std::vector<int32_t> numbers = IndicesOf(Int32Of(given.Get(name), name), name);
    CheckLength(given.Env(), numbers.size(), steps_.steps, steps_.first.pairs, name);
    for (const int32_t number : numbers) {
      if (number < 0 || static_cast<size_t>(number) >= trainer_->texts())
        ThrowExpected(given.Env(), "numbers of texts", name);
    }
    return numbers;
  }

  Status Execute() override { return trainer_->Run(steps_, losses_, control()); }
  Napi::Value Result(Napi::Env env) override { return env.Undefined(); }

  NgramTrainerHandle::Pointer trainer_;
  std::vector<int32_t> queries_, keys_;
  NgramSteps steps_;
  double* losses_ = nullptr;
};

// Copies the state of a trainer to arrays, or from them.
class StateWorker : public PromiseWorker {
 public:
  explicit StateWorker(const Napi::CallbackInfo& info)
      : PromiseWorker(info, Lane::kEngine), trainer_(NgramTrainerHandle::Get(info, 0)) {
    Options given(info, 1);
    const size_t rows = trainer_->keys().size();
    Napi::Uint32Array keys = given.Uint32("keys");
    CheckLength(info.Env(), keys.ElementLength(), rows, 1, "keys");
    keys_ = keys.Data();
    rows_ = given.Floats("rows", rows, trainer_->dim());
    moments_ = given.Floats("moments", rows, 1);
    Keep(given);
  }

 protected:
  Napi::Value Result(Napi::Env env) override { return env.Undefined(); }

  NgramTrainerHandle::Pointer trainer_;
  uint32_t* keys_ = nullptr;
  Matrix rows_, moments_;
};

class ReadWorker final : public StateWorker {
 public:
  using StateWorker::StateWorker;

 private:
  Status Execute() override {
    std::copy_n(trainer_->keys().data(), moments_.rows, keys_);
    std::copy_n(trainer_->rows(), rows_.size(), rows_.data);
    std::copy_n(trainer_->moments(), moments_.rows, moments_.data);
    return Status::Ok();
  }
};

class WriteWorker final : public StateWorker {
 public:
  using StateWorker::StateWorker;

 private:
  Status Execute() override {
    if (!std::equal(keys_, keys_ + moments_.rows, trainer_->keys().data()))
      return Status::Error(Code::kData, "The state is of another corpus: its keys are not those of the trainer");
    std::copy_n(rows_.data, rows_.size(), trainer_->rows());
    std::copy_n(moments_.data, moments_.rows, trainer_->moments());
    return Status::Ok();
  }
};

// ngramCorpusCreate(groups: readonly NgramSettings[]): NgramCorpusHandle
Napi::Value CreateCorpus(const Napi::CallbackInfo& info) {
  return NgramCorpusHandle::New(info.Env(), std::make_shared<NgramCorpus>(NgramGroupsOf(info[0], "groups")), 0);
}

// ngramCorpusDispose(corpus: NgramCorpusHandle): void
Napi::Value DisposeCorpus(const Napi::CallbackInfo& info) {
  NgramCorpusHandle::Dispose(info, 0);
  return info.Env().Undefined();
}

// ngramTrainerDispose(trainer: NgramTrainerHandle): void
Napi::Value DisposeTrainer(const Napi::CallbackInfo& info) {
  NgramTrainerHandle::Dispose(info, 0);
  return info.Env().Undefined();
}

}  // namespace

void RegisterNgramTrainer(Napi::Env env, Napi::Object exports) {
  exports["ngramCorpusCreate"] = Napi::Function::New(env, CreateCorpus, "ngramCorpusCreate");
  // ngramCorpusAdd(corpus: NgramCorpusHandle, texts: readonly string[], control?: Int32Array):
  //   Promise<{ size: number; features: number }>
  ExportWorker<AddWorker>(exports, "ngramCorpusAdd");
  exports["ngramCorpusDispose"] = Napi::Function::New(env, DisposeCorpus, "ngramCorpusDispose");
  // ngramTrainerCreate(corpus: NgramCorpusHandle, settings: NgramTrainerSettings, base?: NgramTableHandle,
  //   control?: Int32Array): Promise<{ handle: NgramTrainerHandle; rows: number; texts: number }>
  ExportWorker<CreateWorker>(exports, "ngramTrainerCreate");
  // ngramTrainerSteps(trainer: NgramTrainerHandle, steps: NativeNgramSteps, control?: Int32Array): Promise<void>
  ExportWorker<StepsWorker>(exports, "ngramTrainerSteps");
  // ngramTrainerRead(trainer: NgramTrainerHandle, state: NgramTrainerState): Promise<void>
  ExportWorker<ReadWorker>(exports, "ngramTrainerRead");
  // ngramTrainerWrite(trainer: NgramTrainerHandle, state: NgramTrainerState): Promise<void>
  ExportWorker<WriteWorker>(exports, "ngramTrainerWrite");
  exports["ngramTrainerDispose"] = Napi::Function::New(env, DisposeTrainer, "ngramTrainerDispose");
}

}  // namespace univar
