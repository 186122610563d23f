// Converts text to token ids: added tokens, BERT normalisation, words, WordPiece and the special tokens around the
// text. The ids equal those of the Rust package `tokenizers` 0.23. A tokenizer is immutable, so any number of threads
// can encode with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "core/control.h"
#include "core/status.h"
#include "core/text_batch.h"
#include "tokenizer/added_tokens.h"
#include "tokenizer/id_buffer.h"
#include "tokenizer/normalizer.h"
#include "tokenizer/word_cache.h"
#include "tokenizer/word_pieces.h"

namespace univar {

struct TokenizerSettings {
  NormalizerSettings normalizer;
  WordPieceSettings word_pieces;
  std::vector<AddedToken> added_tokens;
  std::vector<int32_t> before, after;  // special tokens around every text
};

// Ids in the order of the texts, in the parts that the threads produced.
struct EncodedBatch {
  std::vector<IdBuffer> parts;
  size_t total = 0;
};

class Tokenizer {
 public:
  Tokenizer(Vocabulary vocabulary, const TokenizerSettings& settings);
  ~Tokenizer();

  // Encodes every text with the team of the calling thread. A text gives at most `max_tokens` ids: all its special
  // tokens, which must fit, and as many of its first other tokens as fit. `offsets` has texts.size() + 1 entries: text
  // i has the ids offsets[i] .. offsets[i + 1] - 1. Reports progress in texts.
  Status Encode(const TextBatch& texts, size_t max_tokens, int32_t* offsets, EncodedBatch& out,
                const Control& control) const;

  size_t SpecialCount() const { return before_.size() + after_.size(); }
  size_t MemoryBytes() const { return normalizer_.MemoryBytes() + word_pieces_.MemoryBytes(); }

 private:
  struct QueuedWord;
  struct Workspace;  // state of one thread

  std::unique_ptr<Workspace> Borrow() const;
  void GiveBack(std::unique_ptr<Workspace> workspace) const;

  // These functions append to `ids` and can stop once `ids` has `limit` entries. Pieces of text must be in a TextBatch.
  void AppendText(std::u16string_view text, size_t max_tokens, Workspace& workspace, IdBuffer& ids) const;
  void AppendPiece(std::u16string_view piece, size_t limit, Workspace& workspace, IdBuffer& ids) const;
  // Returns false if the piece contains a code point that needs AppendExactly. The caller must then discard the ids
  // that were appended.
  bool AppendByTable(std::u16string_view piece, size_t limit, Workspace& workspace, IdBuffer& ids) const;
  void AppendExactly(std::u16string_view piece, size_t limit, Workspace& workspace, IdBuffer& ids) const;
  void AppendNormalized(std::u32string_view text, size_t limit, Workspace& workspace, IdBuffer& ids) const;
  // Queues one word in its original spelling: the code points of a word, or a single code point that is a word.
  void QueueWord(std::u16string_view spelling, Workspace& workspace, IdBuffer& ids) const;
  // Appends the queued words.
  void Flush(Workspace& workspace, IdBuffer& ids) const;
  void AppendSpelled(std::u16string_view spelling, Workspace& workspace, IdBuffer& ids) const;

  Normalizer normalizer_;
  WordPieces word_pieces_;
  AddedTokenFinder<char16_t> added_;
  AddedTokenFinder<char32_t> added_normalized_;
  std::vector<int32_t> before_, after_;

  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Workspace>> idle_;  // guarded by mutex_
};

}  // namespace univar
