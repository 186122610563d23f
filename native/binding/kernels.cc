// Blocking calls of single encoder kernels, for tests only. Other code uses them through the encoder. Each call takes
// one object of operands.
#include <omp.h>

#include "binding/args.h"
#include "binding/exports.h"
#include "core/threads.h"
#include "ops/backend.h"

namespace univar {
namespace {

// Reads the operands of a call, which are properties of one object.
class Operands {
 public:
  explicit Operands(const Napi::CallbackInfo& info) : options_(info, 0) { omp_set_num_threads(ThreadCount()); }

  size_t Size(const char* name) const { return options_.Size(name); }
  double Number(const char* name) const { return options_.Number(name); }
  float* Floats(size_t rows, size_t cols, const char* name) { return options_.Floats(name, rows, cols).data; }
  // Returns the length of a typed array.
  size_t Length(const char* name) const {
    const Napi::Value value = options_.Get(name);
    return value.IsTypedArray() ? value.As<Napi::TypedArray>().ElementLength() : 0;
  }
  const int32_t* Offsets(size_t* sequences, size_t* tokens) {
    Napi::Int32Array offsets = options_.Int32("offsets");
    *sequences = offsets.ElementLength() - 1;
    *tokens = static_cast<size_t>(offsets[*sequences]);
    return offsets.Data();
  }
  uint16_t* Halves(size_t rows, size_t cols, const char* name) const {
    Napi::Uint16Array array = Uint16Of(options_.Get(name), name);
    CheckLength(options_.Env(), array.ElementLength(), rows, cols, name);
    return array.Data();
  }
  // A Float32Array or a Uint16Array of bfloat16 bits.
  ActivationInput FloatsOrHalves(size_t rows, size_t cols, const char* name) {
    const Napi::Value value = options_.Get(name);
    const bool halves = value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_uint16_array;
    if (halves) return {.bf16 = Halves(rows, cols, name)};
    return {.f32 = Floats(rows, cols, name)};
  }
  // The same for an output.
  ActivationOutput Output(size_t rows, size_t cols, const char* name) {
    const ActivationInput array = FloatsOrHalves(rows, cols, name);
    return {const_cast<float*>(array.f32), const_cast<uint16_t*>(array.bf16)};
  }
  Napi::Value Return(const Status& status) const {
    if (!status.ok()) ThrowCoded(options_.Env(), CodeName(status.code()), status.message());
    return options_.Env().Undefined();
  }

 private:
  Options options_;
};

AttentionShape ShapeOf(Operands& take, size_t* tokens) {
  AttentionShape shape;
  shape.offsets = take.Offsets(&shape.sequences, tokens);
  shape.tokens = *tokens;
  shape.heads = take.Size("heads");
  shape.head_dim = take.Size("headDim");
  return shape;
}

// attentionForward({ offsets, heads, headDim, qkv, o, lse, o16 }): void
Napi::Value AttentionForward(const Napi::CallbackInfo& info) {
  Operands take(info);
  size_t tokens = 0;
  AttentionForwardArgs args{.shape = ShapeOf(take, &tokens)};
  const size_t cols = args.shape.heads * args.shape.head_dim;
  args.qkv = take.Floats(tokens, 3 * cols, "qkv");
  args.o = take.Floats(tokens, cols, "o");
  args.lse = take.Floats(tokens, args.shape.heads, "lse");
  args.o16 = take.Halves(tokens, cols, "o16");
  return take.Return(GetBackend().attention_forward(args, Control()));
}

// attentionBackward({ offsets, heads, headDim, qkv, o, lse, dO, dqkv }): void
Napi::Value AttentionBackward(const Napi::CallbackInfo& info) {
  Operands take(info);
  size_t tokens = 0;
  AttentionBackwardArgs args{.shape = ShapeOf(take, &tokens)};
  const size_t cols = args.shape.heads * args.shape.head_dim;
  args.qkv = take.Floats(tokens, 3 * cols, "qkv");
  const ActivationInput o = take.FloatsOrHalves(tokens, cols, "o");
  args.o = o.f32;
  args.o16 = o.bf16;
  args.lse = take.Floats(tokens, args.shape.heads, "lse");
  args.d_o = take.Floats(tokens, cols, "dO");
  args.dqkv = take.Floats(tokens, 3 * cols, "dqkv");
  return take.Return(GetBackend().attention_backward(args, Control()));
}

// layerNormForward({ rows, cols, epsilon, x, residual, weight, bias, sum, mean, rstd, y, y16 }): void
Napi::Value LayerNormForward(const Napi::CallbackInfo& info) {
  Operands take(info);
  const size_t rows = take.Size("rows"), cols = take.Size("cols");
  LayerNormForwardArgs args;
  args.epsilon = take.Number("epsilon");
  args.x = {take.Floats(rows, cols, "x"), rows, cols};
  args.residual = take.Floats(rows, cols, "residual");
  args.weight = take.Floats(1, cols, "weight");
  args.bias = take.Floats(1, cols, "bias");
  args.sum = take.Floats(rows, cols, "sum");
  args.mean = take.Floats(rows, 1, "mean");
  args.rstd = take.Floats(rows, 1, "rstd");
  args.y = take.Floats(rows, cols, "y");
  args.y16 = take.Halves(rows, cols, "y16");
  return take.Return(GetBackend().layer_norm_forward(args));
}

// layerNormBackward({ rows, cols, dy, sum, mean, rstd, weight, dsum, dsum16, dweight, dbias }): void
Napi::Value LayerNormBackward(const Napi::CallbackInfo& info) {
  Operands take(info);
  const size_t rows = take.Size("rows"), cols = take.Size("cols");
  LayerNormBackwardArgs args;
  args.dy = {take.Floats(rows, cols, "dy"), rows, cols};
  args.sum = take.Floats(rows, cols, "sum");
  args.mean = take.Floats(rows, 1, "mean");
  args.rstd = take.Floats(rows, 1, "rstd");
  args.weight = take.Floats(1, cols, "weight");
  args.dsum = take.Floats(rows, cols, "dsum");
  args.dsum16 = take.Halves(rows, cols, "dsum16");
  args.dweight = take.Floats(1, cols, "dweight");
  args.dbias = take.Floats(1, cols, "dbias");
  return take.Return(GetBackend().layer_norm_backward(args));
}

// geluForward({ x, y, y16 }): void
Napi::Value GeluForward(const Napi::CallbackInfo& info) {
  Operands take(info);
  const size_t n = take.Length("x");
  const ActivationInput x = take.FloatsOrHalves(1, n, "x");
  float* y = take.Floats(1, n, "y");
  return take.Return(GetBackend().gelu_forward(x, {y, take.Halves(1, n, "y16")}, n));
}

// geluBackward({ x, dy, dx, y }): void
Napi::Value GeluBackward(const Napi::CallbackInfo& info) {
  Operands take(info);
  const size_t n = take.Length("x");
  const ActivationInput x = take.FloatsOrHalves(1, n, "x");
  const ActivationInput dy = take.FloatsOrHalves(1, n, "dy");
  const ActivationOutput dx = take.Output(1, n, "dx");
  return take.Return(GetBackend().gelu_backward(x, dy, dx, take.Output(1, n, "y"), n));
}

// swigluForward({ rows, cols, pair, y, y16 }): void
Napi::Value SwigluForward(const Napi::CallbackInfo& info) {
  Operands take(info);
  const size_t rows = take.Size("rows"), cols = take.Size("cols");
  const ActivationInput pair = take.FloatsOrHalves(rows, 2 * cols, "pair");
  float* y = take.Floats(rows, cols, "y");
  return take.Return(GetBackend().swiglu_forward(pair, {y, take.Halves(rows, cols, "y16")}, rows, cols));
}

// swigluBackward({ rows, cols, pair, dy, dpair, y }): void
Napi::Value SwigluBackward(const Napi::CallbackInfo& info) {
  Operands take(info);
  const size_t rows = take.Size("rows"), cols = take.Size("cols");
  const ActivationInput pair = take.FloatsOrHalves(rows, 2 * cols, "pair");
  const ActivationInput dy = take.FloatsOrHalves(rows, cols, "dy");
  const ActivationOutput dpair = take.Output(rows, 2 * cols, "dpair");
  return take.Return(GetBackend().swiglu_backward(pair, dy, dpair, take.Output(rows, cols, "y"), rows, cols));
}

// l2NormalizeBackward({ rows, cols, x, dy, dx }): void
Napi::Value L2NormalizeBackward(const Napi::CallbackInfo& info) {
  Operands take(info);
  const size_t rows = take.Size("rows"), cols = take.Size("cols");
  const ConstMatrix x{take.Floats(rows, cols, "x"), rows, cols}, dy{take.Floats(rows, cols, "dy"), rows, cols};
  return take.Return(GetBackend().l2_normalize_backward(x, dy, {take.Floats(rows, cols, "dx"), rows, cols}));
}

// squaredNorm({ x }): number
Napi::Value SquaredNorm(const Napi::CallbackInfo& info) {
  Operands take(info);
  const size_t n = take.Length("x");
  double sum = 0;
  take.Return(GetBackend().squared_norm(take.Floats(1, n, "x"), n, &sum));
  return Napi::Number::New(info.Env(), sum);
}

// adamw({ grad, m, v, w, step, learningRate, weightDecay, scale }): void
Napi::Value AdamW(const Napi::CallbackInfo& info) {
  Operands take(info);
  const size_t n = take.Length("grad");
  const float* grad = take.Floats(1, n, "grad");
  float* m = take.Floats(1, n, "m");
  float* v = take.Floats(1, n, "v");
  float* w = take.Floats(1, n, "w");
  AdamWArgs args;
  args.step = static_cast<int64_t>(take.Size("step"));
  args.learning_rate = take.Number("learningRate");
  args.weight_decay = take.Number("weightDecay");
  args.scale = take.Number("scale");
  return take.Return(GetBackend().adamw(args, grad, m, v, w, n));
}

}  // namespace

void RegisterKernels(Napi::Env env, Napi::Object exports) {
  Napi::Object kernels = Napi::Object::New(env);
  kernels["attentionForward"] = Napi::Function::New(env, AttentionForward, "attentionForward");
  kernels["attentionBackward"] = Napi::Function::New(env, AttentionBackward, "attentionBackward");
  kernels["layerNormForward"] = Napi::Function::New(env, LayerNormForward, "layerNormForward");
  kernels["layerNormBackward"] = Napi::Function::New(env, LayerNormBackward, "layerNormBackward");
  kernels["geluForward"] = Napi::Function::New(env, GeluForward, "geluForward");
  kernels["geluBackward"] = Napi::Function::New(env, GeluBackward, "geluBackward");
  kernels["swigluForward"] = Napi::Function::New(env, SwigluForward, "swigluForward");
  kernels["swigluBackward"] = Napi::Function::New(env, SwigluBackward, "swigluBackward");
  kernels["l2NormalizeBackward"] = Napi::Function::New(env, L2NormalizeBackward, "l2NormalizeBackward");
  kernels["squaredNorm"] = Napi::Function::New(env, SquaredNorm, "squaredNorm");
  kernels["adamw"] = Napi::Function::New(env, AdamW, "adamw");
  exports["testKernels"] = kernels;
}

}  // namespace univar
