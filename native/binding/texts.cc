#include "binding/texts.h"

#include <algorithm>
#include <new>
#include <string>

#include "binding/args.h"

namespace univar {
namespace {

bool IsHigh(char16_t unit) { return (unit & 0xFC00) == 0xD800; }
bool IsLow(char16_t unit) { return (unit & 0xFC00) == 0xDC00; }

void ReplaceUnpairedSurrogates(char16_t* units, size_t length) {
  bool any = false;  // most texts have no surrogates, and this loop is cheap
  for (size_t i = 0; i < length; ++i) any |= (units[i] & 0xF800) == 0xD800;
  if (!any) return;
  for (size_t i = 0; i < length; ++i) {
    if ((units[i] & 0xF800) != 0xD800) continue;
    if (IsHigh(units[i]) && i + 1 < length && IsLow(units[i + 1])) {
      ++i;
    } else {
      units[i] = 0xFFFD;
    }
  }
}

// Node-API writes a terminating zero, so `out` needs room for length + 1 units.
void CopyUnits(napi_env env, napi_value string, char16_t* out, size_t length) {
  size_t written = 0;
  if (napi_get_value_string_utf16(env, string, out, length + 1, &written) != napi_ok || written != length) {
    ThrowCoded(env, "ERR_INTERNAL", "Cannot copy a string at the native boundary");
  }
  ReplaceUnpairedSurrogates(out, length);
}

size_t UnitCount(napi_env env, napi_value value, const char* name) {
  size_t length = 0;
  if (napi_get_value_string_utf16(env, value, nullptr, 0, &length) != napi_ok) {
    ThrowCoded(env, "ERR_INTERNAL", std::string("Expected strings for \"") + name + "\" at the native boundary");
  }
  return length;
}

}  // namespace

TextBatch TextsArg(const Napi::CallbackInfo& info, size_t index, const char* name) {
  const Napi::Env env = info.Env();
  if (!info[index].IsArray())
    ThrowCoded(env, "ERR_INTERNAL", std::string("Expected an array for \"") + name + "\" at the native boundary");
  const Napi::Array array = info[index].As<Napi::Array>();
  const uint32_t count = array.Length();
  TextBatch texts;
  try {
    texts.offsets.reserve(count + size_t{1});
    for (uint32_t i = 0; i < count; ++i) {
      Napi::HandleScope scope(env);  // a call can pass a very large number of strings
      texts.offsets.push_back(texts.offsets.back() + UnitCount(env, array[i], name));
    }
    texts.units.resize(texts.offsets.back() + TextBatch::kReadAhead);
  } catch (const std::bad_alloc&) {
    ThrowCoded(env, "ERR_OUT_OF_MEMORY", std::string("Not enough host memory to copy \"") + name + "\"");
  }
  for (uint32_t i = 0; i < count; ++i) {
    Napi::HandleScope scope(env);
    const Napi::Value string = array[i];
    const size_t length = texts.offsets[i + 1] - texts.offsets[i];
    // An array with getters can return a different text the second time.
    if (UnitCount(env, string, name) != length)
      ThrowCoded(env, "ERR_INTERNAL", "A text changed while it was being read");
    CopyUnits(env, string, texts.units.data() + texts.offsets[i], length);
  }
  return texts;
}

std::u16string Utf16Arg(const Napi::Value& value, const char* name) {
  std::u16string text(UnitCount(value.Env(), value, name) + 1, u'\0');
  CopyUnits(value.Env(), value, text.data(), text.size() - 1);
  text.pop_back();
  return text;
}

}  // namespace univar
