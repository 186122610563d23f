// Entry point of the contrastive loss.
#include <chrono>
#include <memory>

#include "binding/args.h"
#include "binding/exports.h"
#include "binding/promise_worker.h"
#include "ops/backend.h"

namespace univar {
namespace {

class InfoNceWorker : public PromiseWorker {
 public:
  explicit InfoNceWorker(const Napi::CallbackInfo& info) : PromiseWorker(info, Lane::kEngine) {
    const Napi::Env env = info.Env();
    Options batch(info, 0);
    args_.rows = batch.Size("rows");
    args_.dim = batch.Size("dim");
    // Row numbers are stored in 32 bits.
    if (args_.rows == 0 || args_.dim == 0 || args_.rows > INT32_MAX)
      ThrowCoded(env, "ERR_INTERNAL", "The batch is empty or has more than 2147483647 rows");
    args_.query = batch.Floats("query", args_.rows, args_.dim).data;
    args_.key = batch.Floats("key", args_.rows, args_.dim).data;
    args_.d_query = batch.Floats("dQuery", args_.rows, args_.dim).data;
    args_.d_key = batch.Floats("dKey", args_.rows, args_.dim).data;
    args_.logit_scale = batch.Number("logitScale");
    args_.mode = batch.Enum<InfoNceMode>("mode");
    args_.precision = batch.Enum<Precision>("precision");
    if (args_.precision == Precision::kInt8) ThrowExpected(env, "f32 or bf16", "precision");
    args_.block_rows = batch.Has("blockRows") ? batch.Size("blockRows") : 0;
    if (TraitsOf(args_.mode).uses_labels) {
      Napi::Int32Array labels = batch.Int32("labels");
      CheckLength(env, labels.ElementLength(), args_.rows, 1, "labels");
      args_.labels = labels.Data();
    }
    Keep(batch);
    TakeControl(info, 1);
  }

 protected:
  Status Execute() override { return GetBackend().info_nce(args_, &loss_, control()); }
  Napi::Value Result(Napi::Env env) override { return Napi::Number::New(env, loss_); }
  InfoNceArgs args_;

 private:
  double loss_ = 0.0;
};

class InfoNceSecondsWorker final : public InfoNceWorker {
 public:
  using InfoNceWorker::InfoNceWorker;

 private:
  Status Execute() override {
    double of_device = -1;
    args_.device_seconds = &of_device;
    const auto begin = std::chrono::steady_clock::now();
    const Status status = InfoNceWorker::Execute();
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
    seconds_ = of_device < 0 ? passed.count() : of_device;
    return status;
  }
  Napi::Value Result(Napi::Env env) override { return Napi::Number::New(env, seconds_); }
  double seconds_ = 0.0;
};

}  // namespace

void RegisterInfoNce(Napi::Env, Napi::Object exports) {
  // infoNce(batch: NativeInfoNce, control?: Int32Array): Promise<number>
  ExportWorker<InfoNceWorker>(exports, "infoNce");
  // infoNceSeconds(batch: NativeInfoNce, control?: Int32Array): Promise<number>
  ExportWorker<InfoNceSecondsWorker>(exports, "infoNceSeconds");
}

}  // namespace univar
