// WordPiece splits a normalised word from left to right into the longest matching tokens. If that fails, the word
// becomes the unknown token (Devlin et al. 2019; Song et al. 2021, "Fast WordPiece Tokenization").
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "tokenizer/id_buffer.h"
#include "tokenizer/vocabulary.h"

namespace univar {

struct WordPieceSettings {
  int32_t unknown_id = 0;
  size_t max_word_chars = 100;  // words with more code points become the unknown token
};

class WordPieces {
 public:
  WordPieces(Vocabulary vocabulary, const WordPieceSettings& settings)
      : vocabulary_(std::move(vocabulary)), settings_(settings) {}

  // Appends the ids of a word in UTF-8. An empty word adds nothing.
  void Append(std::string_view word, IdBuffer& ids) const;

  size_t MemoryBytes() const { return vocabulary_.MemoryBytes(); }

 private:
  Vocabulary vocabulary_;
  WordPieceSettings settings_;
};

// Appends a code point in UTF-8.
inline void AppendUtf8(char32_t c, std::string& out) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (c >> 6)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else if (c < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | (c >> 12)));
    out.push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xF0 | (c >> 18)));
    out.push_back(static_cast<char>(0x80 | ((c >> 12) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  }
}

}  // namespace univar
