// Entry points of the row-wise vector operations.
#include <memory>
#include <vector>

#include "binding/args.h"
#include "binding/exports.h"
#include "binding/promise_worker.h"
#include "ops/backend.h"

namespace univar {
namespace {

class L2NormalizeWorker final : public PromiseWorker {
 public:
  explicit L2NormalizeWorker(const Napi::CallbackInfo& info) : PromiseWorker(info, Lane::kEngine) {
    const size_t rows = SizeArg(info, 2, "rows");
    const size_t cols = SizeArg(info, 3, "dim");
    x_ = MatrixArg(info, 0, rows, cols, "vectors");
    y_ = MatrixArg(info, 1, rows, cols, "out");
    Keep(info[0]);
    Keep(info[1]);
    TakeControl(info, 4);
  }

 private:
  Status Execute() override { return GetBackend().l2_normalize(ConstMatrix{x_.data, x_.rows, x_.cols}, y_, control()); }
  Napi::Value Result(Napi::Env env) override { return env.Undefined(); }
  Matrix x_, y_;
};

class PoolWorker final : public PromiseWorker {
 public:
  explicit PoolWorker(const Napi::CallbackInfo& info) : PromiseWorker(info, Lane::kEngine) {
    offsets_ = IndicesOf(Int32Arg(info, 1, "offsets"), "offsets");
    const size_t sequences = SizeArg(info, 4, "sequences");
    const size_t cols = SizeArg(info, 5, "dim");
    CheckLength(info.Env(), offsets_.size(), sequences + 1, 1, "offsets");
    // Memory safety: every range must be inside `hidden`.
    for (size_t s = 0; s < sequences; ++s) {
      if (offsets_[s] < 0 || offsets_[s + 1] < offsets_[s])
        ThrowCoded(info.Env(), "ERR_INTERNAL", "\"offsets\" must be in ascending order");
    }
    hidden_ = MatrixArg(info, 0, static_cast<size_t>(offsets_[sequences]), cols, "hidden");
    pooling_ = EnumArg<Pooling>(info, 2, "pooling");
    y_ = MatrixArg(info, 3, sequences, cols, "out");
    Keep(info[0]);
    Keep(info[3]);
    TakeControl(info, 6);
  }

 private:
  Status Execute() override {
    return GetBackend().pool(ConstMatrix{hidden_.data, hidden_.rows, hidden_.cols}, offsets_.data(), pooling_, y_,
                             control());
  }
  Napi::Value Result(Napi::Env env) override { return env.Undefined(); }
  Matrix hidden_, y_;
  std::vector<int32_t> offsets_;
  Pooling pooling_ = Pooling::kMean;
};

class MatmulWorker : public PromiseWorker {
 public:
  explicit MatmulWorker(const Napi::CallbackInfo& info) : PromiseWorker(info, Lane::kEngine) {
    Options product(info, 0);
    args_.m = product.Size("m");
    args_.n = product.Size("n");
    args_.k = product.Size("k");
    args_.a = product.Floats("a", args_.m, args_.k).data;
    args_.b = product.Floats("b", args_.k, args_.n).data;
    args_.c = product.Floats("out", args_.m, args_.n).data;
    args_.transpose_a = product.Flag("transposeA");
    args_.transpose_b = product.Flag("transposeB");
    args_.precision = product.Enum<Precision>("precision");
    if (args_.precision == Precision::kInt8) ThrowExpected(info.Env(), "f32 or bf16", "precision");
    Keep(product);
    TakeControl(info, 1);
  }

 protected:
  Napi::Value Result(Napi::Env env) override { return env.Undefined(); }
  MatmulArgs args_;

 private:
  Status Execute() override { return GetBackend().matmul(args_, control()); }
};

class MatmulSecondsWorker final : public MatmulWorker {
 public:
  explicit MatmulSecondsWorker(const Napi::CallbackInfo& info) : MatmulWorker(info) { args_.seconds = &seconds_; }

 private:
  Napi::Value Result(Napi::Env env) override { return Napi::Number::New(env, seconds_); }
  double seconds_ = 0.0;
};

}  // namespace

void RegisterVectors(Napi::Env, Napi::Object exports) {
  // l2Normalize(vectors: Float32Array, out: Float32Array, rows: number, dim: number, control?: Int32Array):
  //   Promise<void>
  ExportWorker<L2NormalizeWorker>(exports, "l2Normalize");
  // pool(hidden: Float32Array, offsets: Int32Array, pooling: Pooling, out: Float32Array, sequences: number,
  //      dim: number, control?: Int32Array): Promise<void>
  ExportWorker<PoolWorker>(exports, "pool");
  // matmul(product: NativeMatmul, control?: Int32Array): Promise<void>
  ExportWorker<MatmulWorker>(exports, "matmul");
  // matmulSeconds(product: NativeMatmul, control?: Int32Array): Promise<number>
  ExportWorker<MatmulSecondsWorker>(exports, "matmulSeconds");
}

}  // namespace univar
