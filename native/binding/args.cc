#include "binding/args.h"

#include <cmath>

namespace univar {
namespace {

[[noreturn]] void ThrowExpected(Napi::Env env, const char* what, const char* name) {
  ThrowCoded(env, "ERR_INTERNAL", std::string("Expected ") + what + " for \"" + name + "\" at the native boundary");
}

template <typename Array>
Array TypedArrayArg(const Napi::CallbackInfo& info, size_t index, napi_typedarray_type type, const char* what,
                    const char* name) {
  const Napi::Value value = info[index];
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
    ThrowExpected(info.Env(), what, name);
  }
  return value.As<Array>();
}

}  // namespace

void ThrowCoded(Napi::Env env, const char* code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  throw error;
}

Napi::Float32Array Float32Arg(const Napi::CallbackInfo& info, size_t index, const char* name) {
  return TypedArrayArg<Napi::Float32Array>(info, index, napi_float32_array, "Float32Array", name);
}

Napi::Int32Array Int32Arg(const Napi::CallbackInfo& info, size_t index, const char* name) {
  return TypedArrayArg<Napi::Int32Array>(info, index, napi_int32_array, "Int32Array", name);
}

Napi::Uint8Array Uint8Arg(const Napi::CallbackInfo& info, size_t index, const char* name) {
  return TypedArrayArg<Napi::Uint8Array>(info, index, napi_uint8_array, "Uint8Array", name);
}

size_t SizeArg(const Napi::CallbackInfo& info, size_t index, const char* name) {
  const double value = NumberArg(info, index, name);
  if (!(value >= 0) || value > 9007199254740991.0 || value != std::floor(value)) {
    ThrowExpected(info.Env(), "non-negative integer", name);
  }
  return static_cast<size_t>(value);
}

double NumberArg(const Napi::CallbackInfo& info, size_t index, const char* name) {
  if (!info[index].IsNumber()) ThrowExpected(info.Env(), "number", name);
  return info[index].As<Napi::Number>().DoubleValue();
}

std::string StringArg(const Napi::CallbackInfo& info, size_t index, const char* name) {
  if (!info[index].IsString()) ThrowExpected(info.Env(), "string", name);
  return info[index].As<Napi::String>().Utf8Value();
}

void CheckLength(Napi::Env env, size_t length, size_t rows, size_t cols, const char* name) {
  const bool overflow = cols != 0 && rows > SIZE_MAX / cols;
  if (overflow || length != rows * cols) {
    ThrowCoded(env, "ERR_INTERNAL",
               std::string("Length of \"") + name + "\" is not rows x cols at the native boundary");
  }
}

Matrix MatrixArg(const Napi::CallbackInfo& info, size_t index, size_t rows, size_t cols, const char* name) {
  Napi::Float32Array array = Float32Arg(info, index, name);
  CheckLength(info.Env(), array.ElementLength(), rows, cols, name);
  return Matrix{array.Data(), rows, cols};
}

}  // namespace univar
