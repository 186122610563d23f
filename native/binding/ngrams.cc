// Entry point of the n-gram features.
#include <cstring>
#include <memory>
#include <utility>

#include "binding/args.h"
#include "binding/exports.h"
#include "binding/ngram_settings.h"
#include "binding/promise_worker.h"
#include "binding/texts.h"
#include "ngrams/features.h"

namespace univar {
namespace {

// A call with fewer UTF-16 units takes about a millisecond, so it does not have to queue behind wide jobs.
constexpr size_t kSmallUnits = size_t{1} << 15;

class NgramWorker final : public PromiseWorker {
 public:
  NgramWorker(const Napi::CallbackInfo& info, TextBatch texts)
      : PromiseWorker(info, texts.units.size() <= kSmallUnits ? Lane::kPool : Lane::kEngine),
        texts_(std::move(texts)),
        settings_(NgramSettingsIn(Options(info, 1))) {
    Napi::Int32Array offsets = Int32Arg(info, 2, "offsets");
    CheckLength(info.Env(), offsets.ElementLength(), texts_.size() + 1, 1, "offsets");
    offsets_ = offsets.Data();
    Keep(offsets);
    TakeControl(info, 3);
  }

 private:
  Status Execute() override { return ExtractNgrams(texts_, settings_, offsets_, features_, control()); }

  Napi::Value Result(Napi::Env env) override {
    Napi::Uint32Array ids = Napi::Uint32Array::New(env, features_.total);
    Napi::Uint8Array counts = Napi::Uint8Array::New(env, features_.total);
    size_t at = 0;
    for (const NgramBatch::Part& part : features_.parts) {
      if (part.ids.empty()) continue;
      std::memcpy(ids.Data() + at, part.ids.data(), part.ids.size() * sizeof(uint32_t));
      std::memcpy(counts.Data() + at, part.counts.data(), part.counts.size());
      at += part.ids.size();
    }
    Napi::Object result = Napi::Object::New(env);
    result["ids"] = ids;
    result["counts"] = counts;
    return result;
  }

  TextBatch texts_;
  NgramSettings settings_;
  NgramBatch features_;
  int32_t* offsets_ = nullptr;
};

// extractNgrams(texts: readonly string[], settings: NgramSettings, offsets: Int32Array, control?: Int32Array):
//   Promise<{ ids: Uint32Array; counts: Uint8Array }>
Napi::Value ExtractFeatures(const Napi::CallbackInfo& info) {
  return PromiseWorker::Start(std::make_unique<NgramWorker>(info, TextsArg(info, 0, "texts")));
}

}  // namespace

void RegisterNgrams(Napi::Env env, Napi::Object exports) {
  exports["extractNgrams"] = Napi::Function::New(env, ExtractFeatures, "extractNgrams");
}

}  // namespace univar
