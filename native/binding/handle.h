// Long-lived native state as a JavaScript value: an opaque external that owns a shared pointer. Jobs copy the pointer,
// so neither disposing a handle nor collecting it as garbage frees memory that a job still reads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "binding/args.h"
#include "binding/napi_setup.h"

namespace univar {

// `Kind` describes the object: its type `Object` (const if no job changes it), a `kTag` that distinguishes handles of
// different kinds, and a `kName` for messages.
template <typename Kind>
class Handle {
 public:
  using Pointer = std::shared_ptr<typename Kind::Object>;

  // `bytes` is the size that is reported to the garbage collector.
  static Napi::Value New(Napi::Env env, Pointer object, size_t bytes) {
    auto* handle = new Handle(std::move(object), static_cast<int64_t>(bytes));
    auto external = Napi::External<Handle>::New(env, handle, [](Napi::Env finalizer_env, Handle* self) {
      self->Release(finalizer_env);
      delete self;
    });
    Napi::MemoryManagement::AdjustExternalMemory(env, handle->bytes_);
    external.TypeTag(&Kind::kTag);
    return external;
  }

  // Throws ERR_DISPOSED after Dispose, and ERR_INTERNAL for any value that is not a handle of this kind.
  static Pointer Get(const Napi::CallbackInfo& info, size_t index) {
    const Handle& handle = Unwrap(info.Env(), info[index]);
    if (!handle.object_) ThrowCoded(info.Env(), "ERR_DISPOSED", std::string("The ") + Kind::kName + " was disposed");
    return handle.object_;
  }

  // Reports a new size to the garbage collector, unless the handle was disposed.
  static void Resize(Napi::Env env, const Napi::Value& value, size_t bytes) {
    Handle& handle = Unwrap(env, value);
    if (!handle.object_) return;
    Napi::MemoryManagement::AdjustExternalMemory(env, static_cast<int64_t>(bytes) - handle.bytes_);
    handle.bytes_ = static_cast<int64_t>(bytes);
  }

  // Idempotent. The memory is freed when the last job that reads the object has finished.
  static void Dispose(const Napi::CallbackInfo& info, size_t index) {
    Unwrap(info.Env(), info[index]).Release(info.Env());
  }

 private:
  Handle(Pointer object, int64_t bytes) : object_(std::move(object)), bytes_(bytes) {}

  static Handle& Unwrap(Napi::Env env, const Napi::Value& value) {
    if (value.IsExternal()) {
      const auto external = value.As<Napi::External<Handle>>();
      if (external.CheckTypeTag(&Kind::kTag)) return *external.Data();
    }
    ThrowCoded(env, "ERR_INTERNAL", std::string("Expected a ") + Kind::kName + " handle at the native boundary");
  }

  void Release(Napi::Env env) {
    if (object_) Napi::MemoryManagement::AdjustExternalMemory(env, -bytes_);
    object_.reset();
  }

  Pointer object_;
  int64_t bytes_;
};

}  // namespace univar
