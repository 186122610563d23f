// Added tokens: strings such as [SEP] that are found in the text as a whole, before any word is cut. Tokens
// that are not `normalized` are searched in the text as given, the others, in their normalised form, in the
// normalised rest.
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
  bool single_word = false;  // only where no word character touches it
  bool lstrip = false;       // takes the white space on its left with it
  bool rstrip = false;       // takes the white space on its right with it
  bool normalized = false;
};

// A part of a text: an added token, or what lies between (id kText).
struct Piece {
  static constexpr int32_t kText = -1;
  int32_t id;
  size_t begin, end;  // in units of the text
};

// Finds one set of tokens. `Char` is char16_t for text as given and char32_t for normalised text.
template <typename Char>
class AddedTokenFinder {
 public:
  using View = std::basic_string_view<Char>;

  void Add(View content, const AddedToken& token);
  bool empty() const { return tokens_.empty(); }

  // Cuts `text` into pieces, from left to right; of several tokens at one place the longest wins. Appends to
  // `pieces`.
  void Split(View text, std::vector<Piece>& pieces) const;

 private:
  struct Token {
    std::basic_string<Char> content;
    int32_t id;
    bool single_word, lstrip, rstrip;
  };

  // First place at or after `from` where a token could begin, by its first unit.
  size_t NextCandidate(View text, size_t from) const;
  const Token* LongestAt(View text, size_t at) const;

  std::vector<Token> tokens_;  // longest first
  bool starts_[256] = {};      // by the low byte of a token's first unit
};

}  // namespace univar
