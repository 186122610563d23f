#include "tokenizer/word_pieces.h"

#include <algorithm>

namespace univar {
namespace {

size_t CountCodePoints(std::string_view utf8) {
  return static_cast<size_t>(std::count_if(utf8.begin(), utf8.end(), [](char byte) { return (byte & 0xC0) != 0x80; }));
}

}  // namespace

void WordPieces::Append(std::string_view word, IdBuffer& ids) const {
  if (word.empty()) return;
  // A word has at most as many code points as bytes, so most words need no counting.
  if (word.size() > settings_.max_word_chars && CountCodePoints(word) > settings_.max_word_chars) {
    ids.Append(settings_.unknown_id);
    return;
  }
  const size_t begin = ids.size();
  Vocabulary::Match match = vocabulary_.LongestStart(word);
  while (match.length != 0) {
    ids.Append(match.id);
    word.remove_prefix(match.length);
    if (word.empty()) return;
    match = vocabulary_.LongestContinuation(word);
  }
  ids.Truncate(begin);
  ids.Append(settings_.unknown_id);
}

}  // namespace univar
