// WordPiece: cuts a normalised word into the longest tokens from left to right, or into the unknown token if that fails.
//
//   Song et al., "Fast WordPiece Tokenization", 2021, describe the problem; Devlin et al. 2019 the greedy rule.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tokenizer/id_buffer.h"
#include "tokenizer/vocabulary.h"
#include "tokenizer/word.h"

namespace univar {

struct WordPieceSettings {
  int32_t unknown_id = 0;
  size_t max_word_chars = 100;  // longer words are unknown
};

// Words seen lately and their pieces: text repeats few words very often. Direct-mapped, so bounded; one per thread.
class WordCache {
 public:
  static constexpr size_t kMaxPieces = 3;

  struct Entry {
    uint64_t high = 0, low = 0;  // Word::key_high, key_low
    std::array<int32_t, kMaxPieces> ids{};
    uint8_t length = 0;  // of the word in bytes; 0 is a free entry
    uint8_t count = 0;   // of ids
  };

  WordCache() : entries_(kEntries) {}
  Entry& At(const Word& word) {
    const uint64_t hash = (word.key_high() * 0xFF51AFD7ED558CCDu + word.key_low()) * 0x9E3779B97F4A7C15u;
    return entries_[hash >> (64 - kBits)];
  }

 private:
  static constexpr int kBits = 14;
  static constexpr size_t kEntries = size_t{1} << kBits;  // 32 bytes each: half a MiB, within a second-level cache
  static_assert(sizeof(Entry) == 32);

  std::vector<Entry> entries_;
};

class WordPieces {
 public:
  WordPieces(Vocabulary vocabulary, const WordPieceSettings& settings)
      : vocabulary_(std::move(vocabulary)), settings_(settings) {}

  // Appends the ids of `word`; nothing for an empty one.
  void Append(const Word& word, WordCache& cache, IdBuffer& ids) const {
    if (word.empty()) return;
    if (word.length() > Word::kKeyBytes) {
      Cut(word, ids);
      return;
    }
    WordCache::Entry& entry = cache.At(word);
    if (entry.low != word.key_low() || entry.high != word.key_high() || entry.length != word.length()) {
      Remember(word, entry, ids);
      return;
    }
    int32_t* out = ids.Reserve(WordCache::kMaxPieces);
    for (size_t i = 0; i < WordCache::kMaxPieces; ++i) out[i] = entry.ids[i];
    ids.Commit(entry.count);
  }

  size_t MemoryBytes() const { return vocabulary_.MemoryBytes(); }

 private:
  void Cut(const Word& word, IdBuffer& ids) const;
  void Remember(const Word& word, WordCache::Entry& entry, IdBuffer& ids) const;

  Vocabulary vocabulary_;
  WordPieceSettings settings_;
};

}  // namespace univar
