#include "binding/args.h"

#include <cmath>
#include <new>

namespace univar {
namespace {

template <typename Array>
Array TypedArrayOf(const Napi::Value& value, napi_typedarray_type type, const char* what, const char* name) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
    ThrowExpected(value.Env(), what, name);
  }
  return value.As<Array>();
}

Napi::Object ObjectOf(const Napi::Value& value, const char* name) {
  if (!value.IsObject()) ThrowExpected(value.Env(), "an object", name);
  return value.As<Napi::Object>();
}

}  // namespace

void ThrowCoded(Napi::Env env, const char* code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  throw error;
}

void ThrowExpected(Napi::Env env, const std::string& what, const char* name) {
  ThrowCoded(env, "ERR_INTERNAL", "Expected " + what + " for \"" + name + "\" at the native boundary");
}

Napi::Float32Array Float32Of(const Napi::Value& value, const char* name) {
  return TypedArrayOf<Napi::Float32Array>(value, napi_float32_array, "a Float32Array", name);
}

Napi::Uint8Array Uint8Of(const Napi::Value& value, const char* name) {
  return TypedArrayOf<Napi::Uint8Array>(value, napi_uint8_array, "a Uint8Array", name);
}

Napi::Uint16Array Uint16Of(const Napi::Value& value, const char* name) {
  return TypedArrayOf<Napi::Uint16Array>(value, napi_uint16_array, "a Uint16Array", name);
}

Napi::Int32Array Int32Of(const Napi::Value& value, const char* name) {
  return TypedArrayOf<Napi::Int32Array>(value, napi_int32_array, "an Int32Array", name);
}

Napi::Uint32Array Uint32Of(const Napi::Value& value, const char* name) {
  return TypedArrayOf<Napi::Uint32Array>(value, napi_uint32_array, "a Uint32Array", name);
}

Napi::Float64Array Float64Of(const Napi::Value& value, const char* name) {
  return TypedArrayOf<Napi::Float64Array>(value, napi_float64_array, "a Float64Array", name);
}

std::vector<int32_t> IndicesOf(const Napi::Int32Array& array, const char* name) {
  try {
    return {array.Data(), array.Data() + array.ElementLength()};
  } catch (const std::bad_alloc&) {
    ThrowCoded(array.Env(), "ERR_OUT_OF_MEMORY", std::string("Not enough host memory to copy \"") + name + "\"");
  }
}

Napi::TypedArray TypedArrayOf(const Napi::Value& value, const char* name) {
  if (!value.IsTypedArray()) ThrowExpected(value.Env(), "a typed array", name);
  return value.As<Napi::TypedArray>();
}

size_t SizeOf(const Napi::Value& value, const char* name) {
  const double number = NumberOf(value, name);
  if (!(number >= 0) || number > 9007199254740991.0 || number != std::floor(number)) {
    ThrowExpected(value.Env(), "a non-negative integer", name);
  }
  return static_cast<size_t>(number);
}

double NumberOf(const Napi::Value& value, const char* name) {
  if (!value.IsNumber()) ThrowExpected(value.Env(), "a number", name);
  return value.As<Napi::Number>().DoubleValue();
}

std::string StringOf(const Napi::Value& value, const char* name) {
  if (!value.IsString()) ThrowExpected(value.Env(), "a string", name);
  return value.As<Napi::String>().Utf8Value();
}

Matrix MatrixOf(const Napi::Value& value, size_t rows, size_t cols, const char* name) {
  Napi::Float32Array array = Float32Of(value, name);
  CheckLength(value.Env(), array.ElementLength(), rows, cols, name);
  return Matrix{array.Data(), rows, cols};
}

void CheckLength(Napi::Env env, size_t length, size_t rows, size_t cols, const char* name) {
  const bool overflow = cols != 0 && rows > SIZE_MAX / cols;
  if (overflow || length != rows * cols) {
    ThrowCoded(env, "ERR_INTERNAL",
               std::string("Expected rows x cols entries for \"") + name + "\" at the native boundary");
  }
}

Options::Options(const Napi::Value& value, const char* name) : object_(ObjectOf(value, name)) { arrays_.reserve(5); }

}  // namespace univar
