// BertNormalizer: cleans the text, isolates Chinese characters, strips accents (NFD, then without category
// Mn) and lowers the case, in this order, each step as the settings say; and BertPreTokenizer's cut into
// words.
//
// `Normalize` does this for a piece of text. `Lookup` answers for single code points from a table that was
// filled by `Normalize`, which is all that most text needs: the result for a piece is that of its code points
// one after the other, unless the piece holds a combining character that survives and whose place depends on
// its neighbours.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace univar {

struct NormalizerSettings {
  bool clean_text = true;
  bool handle_chinese_chars = true;
  bool strip_accents = true;
  bool lowercase = true;
};

// What one code point of the text adds to the words.
struct CodePointAction {
  enum Kind : uint32_t {
    kWord,       // the code point `value`, to the word
    kDrop,       // nothing
    kSequence,   // the code points Normalizer::Sequence(value), to the word
    kSpace,      // end of the word
    kAlone,      // end of the word; the code point `value` is a word of its own
    kSurrogate,  // first half of a pair in UTF-16
    kExact,      // the whole piece of text has to go through Normalize
  };
  Kind kind() const { return static_cast<Kind>(bits & 7); }
  uint32_t value() const { return bits >> 3; }
  bool continues_word() const { return kind() <= kSequence; }

  uint32_t bits;
};

// How normalised code points divide the text.
enum class CharClass { kWord, kSpace, kAlone };

class Normalizer {
 public:
  explicit Normalizer(const NormalizerSettings& settings);

  // Appends the normalised form of `text`, well-formed UTF-16, to `out`.
  void Normalize(std::u16string_view text, std::u32string& out) const;

  // For a UTF-16 unit, and for a code point.
  CodePointAction LookupUnit(char16_t unit) const { return table_[unit]; }
  CodePointAction Lookup(char32_t c) const {
    return c < kTableSize ? table_[c] : CodePointAction{CodePointAction::kExact};
  }
  std::u32string_view Sequence(uint32_t value) const { return sequences_[value]; }

  static CharClass Classify(char32_t normalized);

  size_t MemoryBytes() const { return table_.size() * sizeof(CodePointAction); }

 private:
  // Basic and Supplementary Multilingual Plane; what lies above is rare in text.
  static constexpr char32_t kTableSize = 0x20000;

  CodePointAction Derive(char32_t c);

  NormalizerSettings settings_;
  std::vector<CodePointAction> table_;
  std::vector<std::u32string> sequences_;
};

// Decodes the code point at `i` of well-formed UTF-16 and moves `i` after it.
inline char32_t NextCodePoint(std::u16string_view text, size_t& i) {
  const char32_t unit = text[i++];
  if ((unit & 0xFC00) != 0xD800 || i == text.size()) return unit;
  return 0x10000 + ((unit & 0x3FF) << 10) + (text[i++] & 0x3FF);
}

}  // namespace univar
