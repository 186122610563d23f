// BertNormalizer cleans the text, isolates Chinese characters, strips accents (NFD, then removal of category Mn) and
// lowers the case, in this order; the settings enable each step. BertPreTokenizer then splits the text into words.
//
// `Normalize` processes a piece of text. `Lookup` returns the results for single code points from a table that was
// filled by `Normalize`. This is enough for most text: the result for a piece is the sequence of the results for its
// code points, unless the piece contains a combining character that is kept and whose place depends on its neighbours.
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

// Effect of one code point of the text on the words.
struct CodePointAction {
  enum Kind : uint32_t {
    kWord,       // adds the code point `value` to the word
    kDrop,       // adds nothing
    kSequence,   // adds the code points Normalizer::Sequence(value) to the word
    kSpace,      // ends the word
    kAlone,      // ends the word; the code point `value` is a separate word
    kSurrogate,  // is the first half of a UTF-16 pair
    kExact,      // requires Normalize for the complete piece of text
  };
  Kind kind() const { return static_cast<Kind>(bits & 7); }
  uint32_t value() const { return bits >> 3; }
  bool continues_word() const { return kind() <= kSequence; }

  uint32_t bits;
};

// How normalised code points split the text into words.
enum class CharClass { kWord, kSpace, kAlone };

class Normalizer {
 public:
  explicit Normalizer(const NormalizerSettings& settings);

  // Appends the normalised form of `text`, well-formed UTF-16, to `out`.
  void Normalize(std::u16string_view text, std::u32string& out) const;

  // Return the action of a UTF-16 unit and of a code point.
  CodePointAction LookupUnit(char16_t unit) const { return table_[unit]; }
  CodePointAction Lookup(char32_t c) const {
    return c < kTableSize ? table_[c] : CodePointAction{CodePointAction::kExact};
  }
  std::u32string_view Sequence(uint32_t value) const { return sequences_[value]; }

  static CharClass Classify(char32_t normalized);

  size_t MemoryBytes() const { return table_.size() * sizeof(CodePointAction); }

 private:
  // Covers the Basic and the Supplementary Multilingual Plane. Higher code points are rare in text.
  static constexpr char32_t kTableSize = 0x20000;

  CodePointAction Derive(char32_t c);

  NormalizerSettings settings_;
  std::vector<CodePointAction> table_;
  std::vector<std::u32string> sequences_;
};

}  // namespace univar
