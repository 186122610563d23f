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
    args_.rows = SizeArg(info, 5, "rows");
    args_.dim = SizeArg(info, 6, "dim");
    // Row numbers are held in 32 bits.
    if (args_.rows == 0 || args_.dim == 0 || args_.rows > INT32_MAX)
      ThrowCoded(env, "ERR_INTERNAL", "Empty or huge batch");
    args_.query = MatrixArg(info, 0, args_.rows, args_.dim, "query").data;
    args_.key = MatrixArg(info, 1, args_.rows, args_.dim, "key").data;
    args_.d_query = MatrixArg(info, 3, args_.rows, args_.dim, "dQuery").data;
    args_.d_key = MatrixArg(info, 4, args_.rows, args_.dim, "dKey").data;
    args_.logit_scale = NumberArg(info, 7, "logitScale");
    args_.mode = static_cast<InfoNceMode>(SizeArg(info, 8, "mode"));
    args_.precision = NumberArg(info, 9, "precision") == 1 ? Precision::kBf16 : Precision::kF32;
    args_.block_rows = SizeArg(info, 10, "blockRows");
    if (TraitsOf(args_.mode).uses_labels) {
      Napi::Int32Array labels = Int32Arg(info, 2, "labels");
      CheckLength(env, labels.ElementLength(), args_.rows, 1, "labels");
      args_.labels = labels.Data();
      Keep(labels);
    }
    for (size_t i : {0, 1, 3, 4}) Keep(info[i]);
    TakeControl(info, 11);
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

// infoNce(query: Float32Array, key: Float32Array, labels: Int32Array | undefined, dQuery: Float32Array,
//         dKey: Float32Array, rows: number, dim: number, logitScale: number, mode: 0 | 1 | 2 | 3, precision: 0 | 1,
//         blockRows: number, control?: Int32Array): Promise<number>
Napi::Value InfoNce(const Napi::CallbackInfo& info) {
  return PromiseWorker::Start(std::make_unique<InfoNceWorker>(info));
}

// infoNceSeconds(...as infoNce): Promise<number>
Napi::Value InfoNceSeconds(const Napi::CallbackInfo& info) {
  return PromiseWorker::Start(std::make_unique<InfoNceSecondsWorker>(info));
}

}  // namespace

void RegisterInfoNce(Napi::Env env, Napi::Object exports) {
  exports["infoNce"] = Napi::Function::New(env, InfoNce, "infoNce");
  exports["infoNceSeconds"] = Napi::Function::New(env, InfoNceSeconds, "infoNceSeconds");
}

}  // namespace univar
