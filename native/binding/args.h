// Unpacks arguments that src/native has already validated. What is checked again here is only what keeps memory safe;
// a failure is therefore a bug of ours and throws ERR_INTERNAL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "binding/napi_setup.h"
#include "core/matrix.h"

namespace univar {

[[noreturn]] void ThrowCoded(Napi::Env env, const char* code, const std::string& message);

Napi::Float32Array Float32Arg(const Napi::CallbackInfo& info, size_t index, const char* name);
Napi::Uint8Array Uint8Arg(const Napi::CallbackInfo& info, size_t index, const char* name);
Napi::Int32Array Int32Arg(const Napi::CallbackInfo& info, size_t index, const char* name);
// A non-negative integer that fits size_t.
size_t SizeArg(const Napi::CallbackInfo& info, size_t index, const char* name);
double NumberArg(const Napi::CallbackInfo& info, size_t index, const char* name);
std::string StringArg(const Napi::CallbackInfo& info, size_t index, const char* name);

// Throws unless `length` is exactly rows * cols (computed without overflow).
void CheckLength(Napi::Env env, size_t length, size_t rows, size_t cols, const char* name);

// Float32Array -> matrix view after CheckLength.
Matrix MatrixArg(const Napi::CallbackInfo& info, size_t index, size_t rows, size_t cols, const char* name);

}  // namespace univar
