#include "ngrams/tokens.h"

#include "core/utf16.h"
#include "ngrams/code_points.h"
#include "ngrams/hashing.h"

namespace univar {
namespace {

constexpr size_t kMaxBreaks = 3;  // a run of more line breaks is the same token

void Add(char32_t c, CodePointProperties properties, TokenHash& hash) {
  if (c < 0x80) {
    hash.written = AddByte(hash.written, c);
    hash.lower = AddByte(hash.lower, c | properties.ascii_case());
  } else {
    hash.written = AddCodePoint(hash.written, c);
    hash.lower = AddCodePoint(hash.lower, properties.is_upper() ? SimpleLowercase(c) : c);
  }
}

// Reads the run of line breaks and spaces from the break at `i` and moves `i` past it.
TokenHash ReadBreaks(const CodePointTable& table, std::u16string_view text, size_t& i) {
  uint64_t hash = kFnvOffset;
  size_t breaks = 0;
  while (i < text.size()) {
    size_t next = i;
    const char32_t c = NextCodePoint(text, next);
    const CodePointClass of = table.Lookup(c).of();
    if (of != CodePointClass::kBreak && of != CodePointClass::kSpace) break;
    if (c == '\r' && next < text.size() && text[next] == '\n') ++next;  // CR LF is one break
    if (of == CodePointClass::kBreak && breaks < kMaxBreaks) {
      hash = AddByte(hash, '\n');
      ++breaks;
    }
    i = next;
  }
  return {hash, hash};
}

}  // namespace

void HashTokens(std::u16string_view text, size_t limit, std::vector<TokenHash>& tokens) {
  const CodePointTable& table = CodePointTable::Get();
  tokens.clear();
  size_t i = 0;
  while (i < text.size() && tokens.size() < limit) {
    size_t next = i;
    char32_t c = NextCodePoint(text, next);
    CodePointProperties properties = table.Lookup(c);
    if (properties.of() == CodePointClass::kSpace) {
      i = next;
      continue;
    }
    if (properties.of() == CodePointClass::kBreak) {
      tokens.push_back(ReadBreaks(table, text, i));
      continue;
    }
    TokenHash hash{kFnvOffset, kFnvOffset};
    Add(c, properties, hash);
    i = next;
    if (properties.of() == CodePointClass::kWord) {
      while (i < text.size()) {
        c = NextCodePoint(text, next);
        properties = table.Lookup(c);
        if (properties.of() != CodePointClass::kWord) break;
        Add(c, properties, hash);
        i = next;
      }
    }
    tokens.push_back(hash);
  }
}

}  // namespace univar
