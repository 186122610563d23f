// Single layers of the encoder, for benchmarks and tests only. Other code uses them through the encoder.
#include <memory>

#include "binding/args.h"
#include "binding/exports.h"
#include "binding/promise_worker.h"
#include "ops/backend.h"

namespace univar {
namespace {

class AttentionWorker final : public PromiseWorker {
 public:
  explicit AttentionWorker(const Napi::CallbackInfo& info) : PromiseWorker(info, Lane::kEngine) {
    const size_t tokens = SizeArg(info, 4, "tokens");
    args_.shape.heads = SizeArg(info, 5, "heads");
    args_.shape.head_dim = SizeArg(info, 6, "headDim");
    const size_t width = args_.shape.heads * args_.shape.head_dim;
    args_.qkv = MatrixArg(info, 0, tokens, 3 * width, "qkv").data;
    Napi::Int32Array offsets = Int32Arg(info, 1, "offsets");
    const size_t entries = offsets.ElementLength();
    if (entries < 2 || offsets[0] != 0 || static_cast<size_t>(offsets[entries - 1]) != tokens) {
      ThrowCoded(info.Env(), "ERR_INTERNAL", "\"offsets\" must start at 0 and end at \"tokens\"");
    }
    args_.shape.offsets = offsets.Data();
    args_.shape.sequences = entries - 1;
    args_.shape.tokens = tokens;
    args_.o = MatrixArg(info, 2, tokens, width, "out").data;
    args_.lse = MatrixArg(info, 3, tokens, args_.shape.heads, "lse").data;
    for (size_t i = 0; i < 4; ++i) Keep(info[i]);
    TakeControl(info, 7);
  }

 private:
  Status Execute() override { return GetBackend().attention_forward(args_, control()); }
  Napi::Value Result(Napi::Env env) override { return env.Undefined(); }
  AttentionForwardArgs args_;
};

class LinearWorker final : public PromiseWorker {
 public:
  explicit LinearWorker(const Napi::CallbackInfo& info) : PromiseWorker(info, Lane::kEngine) {
    args_.rows = SizeArg(info, 4, "rows");
    // Products read and write padding rows (ops/linear.h), so the arrays must have room for them.
    if (PaddedRows(args_.rows) != args_.rows)
      ThrowCoded(info.Env(), "ERR_INTERNAL", "\"rows\" must be a multiple of 16, or of 32 above 256");
    weight_.out = SizeArg(info, 5, "outWidth");
    weight_.in = SizeArg(info, 6, "inWidth");
    args_.x = MatrixArg(info, 0, args_.rows, weight_.in, "x").data;
    weight_.w = MatrixArg(info, 1, weight_.out, weight_.in, "weight").data;
    weight_.bias = MatrixArg(info, 2, 1, weight_.out, "bias").data;
    args_.y = MatrixArg(info, 3, args_.rows, weight_.out, "out").data;
    for (size_t i = 0; i < 4; ++i) Keep(info[i]);
  }

 private:
  Status Execute() override {
    if (Status s = GetBackend().pack_weight(weight_, args_.precision, &scratch_, &packed_); !s.ok()) return s;
    weight_.packed = packed_.get();
    args_.scratch = &scratch_;
    return GetBackend().linear_forward(weight_, args_);
  }
  Napi::Value Result(Napi::Env env) override { return env.Undefined(); }
  LinearWeight weight_;
  LinearForwardArgs args_;
  Scratch scratch_;
  std::unique_ptr<PackedWeight> packed_;
};

}  // namespace

void RegisterLayers(Napi::Env, Napi::Object exports) {
  // attentionForward(qkv: Float32Array, offsets: Int32Array, out: Float32Array, lse: Float32Array, tokens: number,
  //                  heads: number, headDim: number, control?: Int32Array): Promise<void>
  ExportWorker<AttentionWorker>(exports, "attentionForward");
  // linearForward(x: Float32Array, weight: Float32Array, bias: Float32Array, out: Float32Array, rows: number,
  //               outWidth: number, inWidth: number): Promise<void>
  ExportWorker<LinearWorker>(exports, "linearForward");
}

}  // namespace univar
