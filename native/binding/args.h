// Unpacks arguments that src/native has already validated. These functions repeat only the checks that keep memory
// safe. A failed check is therefore a bug in this package and throws ERR_INTERNAL.
//
// A function with many arguments takes one object instead, which Options reads by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "binding/napi_setup.h"
#include "core/matrix.h"
#include "core/names.h"

namespace univar {

[[noreturn]] void ThrowCoded(Napi::Env env, const char* code, const std::string& message);
// `Expected <what> for "<name>" at the native boundary`
[[noreturn]] void ThrowExpected(Napi::Env env, const std::string& what, const char* name);

// Each converts a value to its expected type or throws; `name` appears in the message.
Napi::Float32Array Float32Of(const Napi::Value& value, const char* name);
Napi::Uint8Array Uint8Of(const Napi::Value& value, const char* name);
Napi::Uint16Array Uint16Of(const Napi::Value& value, const char* name);
Napi::Int32Array Int32Of(const Napi::Value& value, const char* name);
Napi::Uint32Array Uint32Of(const Napi::Value& value, const char* name);
Napi::Float64Array Float64Of(const Napi::Value& value, const char* name);
// Copies entries that native code uses as indices, because the caller could change them after they were checked.
std::vector<int32_t> IndicesOf(const Napi::Int32Array& array, const char* name);
// Expects a typed array of any type.
Napi::TypedArray TypedArrayOf(const Napi::Value& value, const char* name);
// Expects a non-negative integer.
size_t SizeOf(const Napi::Value& value, const char* name);
double NumberOf(const Napi::Value& value, const char* name);
std::string StringOf(const Napi::Value& value, const char* name);
// Expects one of the names listed for E (core/names.h).
template <typename E>
E EnumOf(const Napi::Value& value, const char* name) {
  const std::string text = StringOf(value, name);
  const std::optional<E> found = FindByName<E>(text);
  if (!found) ThrowExpected(value.Env(), "a known name, not \"" + text + "\",", name);
  return *found;
}
// Expects a Float32Array of exactly rows * cols entries.
Matrix MatrixOf(const Napi::Value& value, size_t rows, size_t cols, const char* name);

// Throws unless `length` is exactly rows * cols (computed without overflow).
void CheckLength(Napi::Env env, size_t length, size_t rows, size_t cols, const char* name);

// The same for positional arguments.
inline Napi::Float32Array Float32Arg(const Napi::CallbackInfo& info, size_t index, const char* name) {
  return Float32Of(info[index], name);
}
inline Napi::Uint8Array Uint8Arg(const Napi::CallbackInfo& info, size_t index, const char* name) {
  return Uint8Of(info[index], name);
}
inline Napi::Int32Array Int32Arg(const Napi::CallbackInfo& info, size_t index, const char* name) {
  return Int32Of(info[index], name);
}
inline size_t SizeArg(const Napi::CallbackInfo& info, size_t index, const char* name) {
  return SizeOf(info[index], name);
}
inline double NumberArg(const Napi::CallbackInfo& info, size_t index, const char* name) {
  return NumberOf(info[index], name);
}
inline std::string StringArg(const Napi::CallbackInfo& info, size_t index, const char* name) {
  return StringOf(info[index], name);
}
template <typename E>
E EnumArg(const Napi::CallbackInfo& info, size_t index, const char* name) {
  return EnumOf<E>(info[index], name);
}
inline Matrix MatrixArg(const Napi::CallbackInfo& info, size_t index, size_t rows, size_t cols, const char* name) {
  return MatrixOf(info[index], rows, cols, name);
}

// Reads the properties of an object. It must not outlive the call: a worker keeps the arrays alive
// (PromiseWorker::Keep).
class Options {
 public:
  Options(const Napi::CallbackInfo& info, size_t index) : Options(info[index], "options") {}
  // `name` is that of the value in messages.
  Options(const Napi::Value& value, const char* name);

  Napi::Env Env() const { return object_.Env(); }
  Napi::Value Get(const char* name) const { return object_.Get(name); }
  bool Has(const char* name) const { return !Get(name).IsUndefined(); }
  bool Flag(const char* name) const { return Get(name).ToBoolean(); }
  size_t Size(const char* name) const { return SizeOf(Get(name), name); }
  double Number(const char* name) const { return NumberOf(Get(name), name); }
  std::string String(const char* name) const { return StringOf(Get(name), name); }
  template <typename E>
  E Enum(const char* name) const {
    return EnumOf<E>(Get(name), name);
  }
  Napi::Uint8Array Uint8(const char* name) { return Record(Uint8Of(Get(name), name)); }
  Napi::Int32Array Int32(const char* name) { return Record(Int32Of(Get(name), name)); }
  Napi::Uint32Array Uint32(const char* name) { return Record(Uint32Of(Get(name), name)); }
  Napi::Float64Array Float64(const char* name) { return Record(Float64Of(Get(name), name)); }
  Napi::TypedArray Numbers(const char* name) { return Record(TypedArrayOf(Get(name), name)); }
  Matrix Floats(const char* name, size_t rows, size_t cols) {
    Napi::Float32Array array = Record(Float32Of(Get(name), name));
    CheckLength(Env(), array.ElementLength(), rows, cols, name);
    return {array.Data(), rows, cols};
  }

  // The typed arrays that were read so far.
  const std::vector<Napi::Value>& arrays() const { return arrays_; }

 private:
  template <typename Array>
  Array Record(Array array) {
    arrays_.push_back(array);
    return array;
  }

  Napi::Object object_;
  std::vector<Napi::Value> arrays_;
};

}  // namespace univar
