#include "ngrams/code_points.h"

#include <utf8proc.h>

namespace univar {
namespace {

bool IsBetween(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

bool IsBreak(char32_t c) { return IsBetween(c, '\n', '\r') || c == 0x85 || c == 0x2028 || c == 0x2029; }

bool HasNoSpaces(char32_t c) {
  return IsBetween(c, 0x0E00, 0x0EFF)        // Thai, Lao
         || IsBetween(c, 0x1000, 0x109F)     // Myanmar
         || IsBetween(c, 0x1780, 0x17FF)     // Khmer
         || IsBetween(c, 0x3040, 0x30FF)     // Hiragana, Katakana
         || IsBetween(c, 0x3400, 0x9FFF)     // Han
         || IsBetween(c, 0xF900, 0xFAFF)     // Han, compatibility forms
         || IsBetween(c, 0x20000, 0x3FFFF);  // Han, supplementary planes
}

CodePointClass ClassOf(char32_t c) {
  if (IsBreak(c)) return CodePointClass::kBreak;
  if (HasNoSpaces(c)) return CodePointClass::kSingle;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO: return CodePointClass::kWord;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CC: return CodePointClass::kSpace;
    default: return CodePointClass::kMark;
  }
}

}  // namespace

const CodePointTable& CodePointTable::Get() {
  static const CodePointTable table;
  return table;
}

CodePointTable::CodePointTable() {
  for (char32_t c = 0; c < kSize; ++c) table_[c] = Derive(c);
}

CodePointProperties CodePointTable::Derive(char32_t c) { return {ClassOf(c), SimpleLowercase(c) != c}; }

char32_t SimpleLowercase(char32_t c) {
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
}

}  // namespace univar
