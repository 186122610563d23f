#include "tokenizer/word_pieces.h"

#include <algorithm>

namespace univar {

void WordPieces::Cut(const Word& word, IdBuffer& ids) const {
  // A word has at most as many characters as bytes, so most words need no counting.
  const bool too_long = word.length() > settings_.max_word_chars && word.CountChars() > settings_.max_word_chars;
  if (too_long) {
    ids.Append(settings_.unknown_id);
    return;
  }
  const size_t begin = ids.size();
  std::string_view rest = word.view();
  Vocabulary::Match match = vocabulary_.LongestStart(rest);
  while (match.length != 0) {
    ids.Append(match.id);
    rest.remove_prefix(match.length);
    if (rest.empty()) return;
    match = vocabulary_.LongestContinuation(rest);
  }
  ids.Truncate(begin);
  ids.Append(settings_.unknown_id);
}

void WordPieces::Remember(const Word& word, WordCache::Entry& entry, IdBuffer& ids) const {
  const size_t begin = ids.size();
  Cut(word, ids);
  const size_t count = ids.size() - begin;
  if (count > WordCache::kMaxPieces) return;
  entry.high = word.key_high();
  entry.low = word.key_low();
  entry.length = static_cast<uint8_t>(word.length());
  entry.count = static_cast<uint8_t>(count);
  std::copy_n(ids.data() + begin, count, entry.ids.begin());
}

}  // namespace univar
