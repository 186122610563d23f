// The outcome of a native operation. Kernels return a Status instead of throwing across threads. The binding turns it
// into an EngineError with the code of the same name in src/core/errors.ts.
#pragma once

#include <string>
#include <utility>

#include "core/compiler.h"

namespace univar {

enum class Code {
  kOk,
  kArgType,
  kArgRange,
  kShapeMismatch,
  kData,
  kDisposed,
  kBusy,
  kAborted,
  kOutOfMemory,
  kIo,
  kDeviceUnavailable,
  kCuda,
  kNonFinite,
  kInternal,
};

// The string that JavaScript sees as `error.code`.
inline const char* CodeName(Code code) {
  switch (code) {
    case Code::kOk: return "OK";
    case Code::kArgType: return "ERR_ARG_TYPE";
    case Code::kArgRange: return "ERR_ARG_RANGE";
    case Code::kShapeMismatch: return "ERR_SHAPE_MISMATCH";
    case Code::kData: return "ERR_DATA";
    case Code::kDisposed: return "ERR_DISPOSED";
    case Code::kBusy: return "ERR_BUSY";
    case Code::kAborted: return "ERR_ABORTED";
    case Code::kOutOfMemory: return "ERR_OUT_OF_MEMORY";
    case Code::kIo: return "ERR_IO";
    case Code::kDeviceUnavailable: return "ERR_DEVICE_UNAVAILABLE";
    case Code::kCuda: return "ERR_CUDA";
    case Code::kNonFinite: return "ERR_NON_FINITE";
    case Code::kInternal: return "ERR_INTERNAL";
  }
  UNIVAR_UNREACHABLE();
}

class [[nodiscard]] Status {
 public:
  static Status Ok() { return Status(Code::kOk, {}); }
  static Status Error(Code code, std::string message) { return Status(code, std::move(message)); }
  static Status Aborted() { return Status(Code::kAborted, "The operation was aborted"); }

  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}
  Code code_;
  std::string message_;
};

}  // namespace univar
