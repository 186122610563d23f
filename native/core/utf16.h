// Decoding of UTF-16.
#pragma once

#include <cstddef>
#include <string_view>

namespace univar {

// Decodes the code point at `i` of well-formed UTF-16 and moves `i` past it.
inline char32_t NextCodePoint(std::u16string_view text, size_t& i) {
  const char32_t unit = text[i++];
  if ((unit & 0xFC00) != 0xD800 || i == text.size()) return unit;
  return 0x10000 + ((unit & 0x3FF) << 10) + (text[i++] & 0x3FF);
}

}  // namespace univar
