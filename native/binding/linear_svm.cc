// Entry points of linear support vector machines on n-gram features.
#include <algorithm>
#include <memory>
#include <utility>

#include "binding/exports.h"
#include "binding/ngram_handles.h"
#include "binding/promise_worker.h"

namespace univar {
namespace {

class CreateWorker final : public PromiseWorker {
 public:
  explicit CreateWorker(const Napi::CallbackInfo& info)
      : PromiseWorker(info, Lane::kEngine), corpus_(NgramCorpusHandle::Get(info, 0)) {
    Options given(info, 1);
    settings_.min_texts = given.Size("minTexts");
    settings_.max_rows = std::min<size_t>(given.Size("maxRows"), INT32_MAX);
    settings_.c = given.Number("c");
    settings_.tolerance = given.Number("tolerance");
    settings_.max_passes = given.Size("maxPasses");
    settings_.seed = given.Size("seed");
    TakeControl(info, 2);
  }

 private:
  Status Execute() override { return LinearSvm::Create(corpus_->features(), settings_, control(), &svm_); }
  // { handle: LinearSvmHandle; keys: Uint32Array }
  Napi::Value Result(Napi::Env env) override {
    const size_t bytes = svm_->MemoryBytes();
    Napi::Uint32Array keys = Napi::Uint32Array::New(env, svm_->keys().size());
    std::copy(svm_->keys().begin(), svm_->keys().end(), keys.Data());
    Napi::Object result = Napi::Object::New(env);
    result["keys"] = keys;
    result["handle"] = LinearSvmHandle::New(env, std::move(svm_), bytes);
    return result;
  }

  NgramCorpusHandle::Pointer corpus_;
  LinearSvmSettings settings_;
  std::unique_ptr<LinearSvm> svm_;
};

class TrainWorker final : public PromiseWorker {
 public:
  explicit TrainWorker(const Napi::CallbackInfo& info)
      : PromiseWorker(info, Lane::kEngine), svm_(LinearSvmHandle::Get(info, 0)) {
    Options given(info, 1);
    Napi::Int32Array labels = given.Int32("labels"), passes = given.Int32("passes");
    CheckLength(info.Env(), labels.ElementLength(), svm_->texts(), 1, "labels");
    classes_.labels = labels.Data();
    classes_.count = passes.ElementLength();
    classes_.passes = passes.Data();
    classes_.weights = given.Floats("weights", svm_->keys().size(), classes_.count).data;
    classes_.biases = given.Floats("biases", classes_.count, 1).data;
    Keep(given);
    TakeControl(info, 2);
  }

 private:
  Status Execute() override { return svm_->Train(classes_, control()); }
  Napi::Value Result(Napi::Env env) override { return env.Undefined(); }

  LinearSvmHandle::Pointer svm_;
  SvmClasses classes_;
};

// linearSvmDispose(svm: LinearSvmHandle): void
Napi::Value Dispose(const Napi::CallbackInfo& info) {
  LinearSvmHandle::Dispose(info, 0);
  return info.Env().Undefined();
}

}  // namespace

void RegisterLinearSvm(Napi::Env env, Napi::Object exports) {
  // linearSvmCreate(corpus: NgramCorpusHandle, settings: LinearSvmSettings, control?: Int32Array):
  //   Promise<{ handle: LinearSvmHandle; keys: Uint32Array }>
  ExportWorker<CreateWorker>(exports, "linearSvmCreate");
  // linearSvmTrain(svm: LinearSvmHandle, classes: NativeSvmClasses, control?: Int32Array): Promise<void>
  ExportWorker<TrainWorker>(exports, "linearSvmTrain");
  exports["linearSvmDispose"] = Napi::Function::New(env, Dispose, "linearSvmDispose");
}

}  // namespace univar
