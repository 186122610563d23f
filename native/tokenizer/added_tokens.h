// Added tokens: strings such as [SEP] that are matched as units before the text is split into words. Tokens that are
// not `normalized` are matched in the original text. The normalised forms of the others are then matched in the rest of
// the text, after its normalisation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace univar {

struct AddedToken {
  std::u16string content;
  int32_t id = 0;
  bool single_word = false;  // matches only if no word character is next to it
  bool lstrip = false;       // also takes the white space on its left
  bool rstrip = false;       // also takes the white space on its right
  bool normalized = false;
};

// A part of a text: an added token, or the text between added tokens (id kText).
struct Piece {
  static constexpr int32_t kText = -1;
  int32_t id;
  size_t begin, end;  // in units of the text
};

// Finds one set of tokens. `Char` is char16_t for original text and char32_t for normalised text.
template <typename Char>
class AddedTokenFinder {
 public:
  using View = std::basic_string_view<Char>;

  void Add(View content, const AddedToken& token);
  bool empty() const { return tokens_.empty(); }

  // Splits `text` from left to right and appends the pieces to `pieces`. If several tokens match at one place, the
  // longest wins.
  void Split(View text, std::vector<Piece>& pieces) const;

 private:
  struct Token {
    std::basic_string<Char> content;
    int32_t id;
    bool single_word, lstrip, rstrip;
  };

  // Returns the first place at or after `from` where a token could begin, judged by its first unit.
  size_t NextCandidate(View text, size_t from) const;
  const Token* LongestAt(View text, size_t at) const;

  std::vector<Token> tokens_;  // longest first
  bool starts_[256] = {};      // by the low byte of a token's first unit
};

}  // namespace univar
