#include "ngrams/code_points.h"

#include <algorithm>
#include <iterator>

#include "ngrams/unicode_15_1.h"

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

// Categories Z and Cc, which Unicode will hardly extend.
bool IsSpace(char32_t c) {
  return c <= 0x20 || IsBetween(c, 0x7F, 0xA0) || c == 0x1680 || IsBetween(c, 0x2000, 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

// The entry of an ascending table that contains c, or nullptr.
template <typename T, size_t n>
const T* FindEntry(const T (&table)[n], char32_t c) {
  const T* found = std::lower_bound(std::begin(table), std::end(table), c,
                                    [](const T& entry, char32_t of) { return entry.last < of; });
  return found == std::end(table) || c < found->first ? nullptr : found;
}

CodePointClass ClassOf(char32_t c) {
  if (IsBreak(c)) return CodePointClass::kBreak;
  if (HasNoSpaces(c)) return CodePointClass::kSingle;
  if (FindEntry(kWordRanges, c) != nullptr) return CodePointClass::kWord;
  return IsSpace(c) ? CodePointClass::kSpace : CodePointClass::kMark;
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
  const LowercaseRun* run = FindEntry(kLowercaseRuns, c);
  return run == nullptr || (c - run->first) % run->stride != 0 ? c : c + static_cast<char32_t>(run->delta);
}

}  // namespace univar
