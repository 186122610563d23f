// JavaScript strings as one array of UTF-16, the form that V8 copies out fastest.
#pragma once

#include <string>

#include "binding/napi_setup.h"
#include "core/text_batch.h"

namespace univar {

// Copies the strings of the array at `index`; unpaired surrogates become U+FFFD. Throws ERR_OUT_OF_MEMORY.
TextBatch TextsArg(const Napi::CallbackInfo& info, size_t index, const char* name);

// The same for one string.
std::u16string Utf16Arg(const Napi::Value& value, const char* name);

}  // namespace univar
