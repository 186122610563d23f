#include "tokenizer/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <iterator>

namespace univar {
namespace {

struct Range {
  char32_t first, last;
};

// Ranges are sorted and include both ends. A range can also cover code points for which both versions agree, and
// unassigned ones. This keeps the tables short and valid for later versions of utf8proc.

// Format characters that are newer than the reference's Unicode version.
constexpr Range kNotRemoved[] = {{0x890, 0x8E2}, {0x110CD, 0x1343F}};

// Category Mn since Unicode 9.0; the reference keeps them as letters.
constexpr Range kNotMarks[] = {{0x7FD, 0x7FD},     {0x897, 0x8E1},     {0x9FE, 0x9FE},     {0xAFA, 0xAFF},
                               {0xB55, 0xB55},     {0xC04, 0xC3C},     {0xD00, 0xD00},     {0xD3B, 0xD3C},
                               {0xD81, 0xD81},     {0xEBA, 0xEBA},     {0xECE, 0xECE},     {0x180F, 0x1886},
                               {0x1ABF, 0x1AEB},   {0x1DF6, 0x1DFB},   {0xA82C, 0xA82C},   {0xA8C5, 0xA8C5},
                               {0xA8FF, 0xA8FF},   {0xA9BD, 0xA9BD},   {0x10D24, 0x10F85}, {0x11070, 0x11074},
                               {0x110C2, 0x110C2}, {0x111C9, 0x111C9}, {0x111CF, 0x111CF}, {0x1123E, 0x11241},
                               {0x1133B, 0x1133B}, {0x113BB, 0x1145E}, {0x1182F, 0x1612F}, {0x16F4F, 0x16F4F},
                               {0x16FE4, 0x16FE4}, {0x1CF00, 0x1CF46}, {0x1E000, 0x1E6F5}, {0x1E944, 0x1E94A}};

// Punctuation since Unicode 9.0; the reference keeps it inside words.
constexpr Range kNotPunctuation[] = {{0x61D, 0x61D},     {0x9FD, 0xA76},     {0xC77, 0xC84},     {0x1B4E, 0x1B4F},
                                     {0x1B7D, 0x1B7F},   {0x2E43, 0x2E5D},   {0x10D6E, 0x10F89}, {0x113D4, 0x1145D},
                                     {0x11660, 0x116B9}, {0x1183B, 0x11FFF}, {0x12FF1, 0x12FF2}, {0x16D6D, 0x16FE2},
                                     {0x1E5FF, 0x1E95F}};

// Code points with combining classes or decompositions since Unicode 10.0. The reference treats them as starters
// without a decomposition.
constexpr Range kInert[] = {{0x7FD, 0x7FD},     {0x897, 0x8D3},     {0x9FE, 0x9FE},     {0xC3C, 0xC3C},
                            {0xD3B, 0xD3C},     {0xEBA, 0xEBA},     {0x1715, 0x1715},   {0x1ABF, 0x1AEB},
                            {0x1DF6, 0x1DFA},   {0xA82C, 0xA82C},   {0x105C9, 0x105E4}, {0x10D24, 0x10F85},
                            {0x11070, 0x11070}, {0x1133B, 0x1133B}, {0x11383, 0x113D0}, {0x1145E, 0x1145E},
                            {0x11839, 0x11A99}, {0x11D42, 0x1612F}, {0x16D68, 0x16FF1}, {0x1E08F, 0x1E6F5}};

// Lower case since Unicode 16.0: first to last plus delta.
struct CaseRange {
  char32_t first, last;
  int delta;
};
constexpr CaseRange kLowercase[] = {{0x1C89, 0x1C89, 1},      {0xA7CB, 0xA7CB, 0x264 - 0xA7CB},
                                    {0xA7CC, 0xA7CC, 1},      {0xA7CE, 0xA7CE, 1},
                                    {0xA7D2, 0xA7D2, 1},      {0xA7D4, 0xA7D4, 1},
                                    {0xA7DA, 0xA7DA, 1},      {0xA7DC, 0xA7DC, 0x19B - 0xA7DC},
                                    {0x10D50, 0x10D65, 0x20}, {0x16EA0, 0x16EB8, 0x1B}};

// Letters, marks and digits of Unicode 16.0. These ranges are exact.
constexpr Range kNewWordCharacters[] = {{0x897, 0x897},     {0x1C89, 0x1C8A},   {0xA7CB, 0xA7CD},   {0xA7DA, 0xA7DC},
                                        {0x105C0, 0x105F3}, {0x10D40, 0x10D65}, {0x10D69, 0x10D6D}, {0x10D6F, 0x10D85},
                                        {0x10EC2, 0x10EC4}, {0x10EFC, 0x10EFC}, {0x11380, 0x11389}, {0x1138B, 0x1138B},
                                        {0x1138E, 0x1138E}, {0x11390, 0x113B5}, {0x113B7, 0x113C0}, {0x113C2, 0x113C2},
                                        {0x113C5, 0x113C5}, {0x113C7, 0x113CA}, {0x113CC, 0x113D3}, {0x113E1, 0x113E2},
                                        {0x116D0, 0x116E3}, {0x11BC0, 0x11BE0}, {0x11BF0, 0x11BF9}, {0x11F5A, 0x11F5A},
                                        {0x13460, 0x143FA}, {0x16100, 0x16139}, {0x16D40, 0x16D6C}, {0x16D70, 0x16D79},
                                        {0x18CFF, 0x18CFF}, {0x1CCF0, 0x1CCF9}, {0x1E5D0, 0x1E5FA}};

template <typename Entry, size_t n>
const Entry* Find(const Entry (&table)[n], char32_t c) {
  const Entry* entry = std::lower_bound(std::begin(table), std::end(table), c,
                                        [](const Entry& range, char32_t value) { return range.last < value; });
  return entry != std::end(table) && c >= entry->first ? entry : nullptr;
}

bool IsBetween(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

utf8proc_category_t Category(char32_t c) { return utf8proc_category(static_cast<utf8proc_int32_t>(c)); }

}  // namespace

bool IsRemovedByCleaning(char32_t c) {
  if (c == '\t' || c == '\n' || c == '\r') return false;
  if (c == 0xFFFD) return true;
  const utf8proc_category_t category = Category(c);
  const bool other =
      category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF || category == UTF8PROC_CATEGORY_CO;
  return other && Find(kNotRemoved, c) == nullptr;
}

bool IsWhitespace(char32_t c) {
  if (c < 0x80) return c == ' ' || IsBetween(c, '\t', '\r');
  return c == 0x85 || c == 0xA0 || c == 0x1680 || IsBetween(c, 0x2000, 0x200A) || c == 0x2028 || c == 0x2029 ||
         c == 0x202F || c == 0x205F || c == 0x3000;
}

bool IsChinese(char32_t c) {
  return IsBetween(c, 0x4E00, 0x9FFF) || IsBetween(c, 0x3400, 0x4DBF) || IsBetween(c, 0xF900, 0xFAFF) ||
         IsBetween(c, 0x20000, 0x2A6DF) || IsBetween(c, 0x2A700, 0x2B81F) || IsBetween(c, 0x2B920, 0x2CEAF) ||
         IsBetween(c, 0x2F800, 0x2FA1F);
}

bool IsNonspacingMark(char32_t c) {
  if (c == 0x1734) return true;  // Mc since Unicode 14.0
  return Category(c) == UTF8PROC_CATEGORY_MN && Find(kNotMarks, c) == nullptr;
}

bool IsPunctuation(char32_t c) {
  if (c < 0x80)
    return IsBetween(c, '!', '/') || IsBetween(c, ':', '@') || IsBetween(c, '[', '`') || IsBetween(c, '{', '~');
  if (c == 0x166D || c == 0x111C9) return true;  // reclassified in Unicode 12.0 and 11.0
  const utf8proc_category_t category = Category(c);
  return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO && Find(kNotPunctuation, c) == nullptr;
}

bool IsWordCharacter(char32_t c) {
  switch (Category(c)) {
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
    case UTF8PROC_CATEGORY_PC: return true;
    default: break;
  }
  // Zero-width joiners, and enclosed letters, which are Alphabetic although their category is So.
  return c == 0x200C || c == 0x200D || IsBetween(c, 0x24B6, 0x24E9) || IsBetween(c, 0x1F130, 0x1F149) ||
         IsBetween(c, 0x1F150, 0x1F169) || IsBetween(c, 0x1F170, 0x1F189) || Find(kNewWordCharacters, c) != nullptr;
}

int CombiningClass(char32_t c) {
  if (c < 0x300 || Find(kInert, c) != nullptr) return 0;
  return utf8proc_get_property(static_cast<utf8proc_int32_t>(c))->combining_class;
}

size_t Decompose(char32_t c, char32_t out[kMaxDecomposition]) {
  if (c < 0xC0 || Find(kInert, c) != nullptr) {
    out[0] = c;
    return 1;
  }
  utf8proc_int32_t buffer[kMaxDecomposition];
  int last_boundary = 0;
  const utf8proc_ssize_t length = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), buffer, kMaxDecomposition,
                                                          UTF8PROC_DECOMPOSE, &last_boundary);
  if (length < 1 || static_cast<size_t>(length) > kMaxDecomposition) {
    out[0] = c;  // not a scalar value: keep it
    return 1;
  }
  std::copy_n(buffer, length, out);
  return static_cast<size_t>(length);
}

size_t Lowercase(char32_t c, char32_t out[kMaxLowercase]) {
  if (c < 0x80) {
    out[0] = IsBetween(c, 'A', 'Z') ? c + ('a' - 'A') : c;
    return 1;
  }
  if (c == 0x130) {  // capital I with dot above, the only code point whose lower case has two code points
    out[0] = 'i';
    out[1] = 0x307;
    return 2;
  }
  if (const CaseRange* range = Find(kLowercase, c)) {
    out[0] = static_cast<char32_t>(static_cast<int>(c) + range->delta);
  } else {
    out[0] = static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
  }
  return 1;
}

}  // namespace univar
