// Classes of code points, which separate a text into tokens: docs/ngram-features.md.
#pragma once

#include <array>
#include <cstdint>

namespace univar {

enum class CodePointClass : uint8_t {
  kWord,    // letters, marks and numbers: a run of them is a token
  kSingle,  // a letter of a script that is written without spaces: a token
  kMark,    // punctuation, symbols, format characters and unassigned code points: a token
  kSpace,   // separates tokens
  kBreak,   // ends a line
};

// The class of a code point, and whether it has a lower-case form.
class CodePointProperties {
 public:
  constexpr CodePointProperties() = default;
  constexpr CodePointProperties(CodePointClass of, bool is_upper)
      : bits_(static_cast<uint8_t>(static_cast<uint8_t>(of) | (is_upper ? kUpper : 0))) {}

  constexpr CodePointClass of() const { return static_cast<CodePointClass>(bits_ & ~kUpper); }
  constexpr bool is_upper() const { return (bits_ & kUpper) != 0; }
  // The difference between an ASCII character and its lower-case form.
  constexpr uint32_t ascii_case() const { return bits_ & kUpper; }

 private:
  static constexpr uint8_t kUpper = 'a' - 'A';

  uint8_t bits_ = 0;
};

class CodePointTable {
 public:
  // Builds the table at the first call.
  static const CodePointTable& Get();

  CodePointProperties Lookup(char32_t c) const { return c < kSize ? table_[c] : Derive(c); }

 private:
  static constexpr char32_t kSize = 0x10000;  // higher code points are rare in text

  CodePointTable();
  static CodePointProperties Derive(char32_t c);

  std::array<CodePointProperties, kSize> table_;
};

// The simple lower-case mapping; c itself if it has none.
char32_t SimpleLowercase(char32_t c);

}  // namespace univar
