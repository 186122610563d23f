#include "tokenizer/tokenizer.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "core/try.h"
#include "core/utf16.h"

namespace univar {

static_assert(TextBatch::kReadAhead >= WordCache::kMaxUnits, "a key reads that many units");

struct Tokenizer::QueuedWord {
  const char16_t* spelling;
  WordCache::Key key;
  size_t slot;
};

struct Tokenizer::Workspace {
  WordCache cache;
  std::array<QueuedWord, 32> queue;
  size_t queued = 0;
  std::string word;  // normalised, UTF-8
  std::vector<Piece> pieces, inner_pieces;
  std::u32string normalized;
};

Tokenizer::Tokenizer(Vocabulary vocabulary, const TokenizerSettings& settings)
    : normalizer_(settings.normalizer),
      word_pieces_(std::move(vocabulary), settings.word_pieces),
      before_(settings.before),
      after_(settings.after) {
  for (const AddedToken& token : settings.added_tokens) {
    if (token.normalized) {
      std::u32string content;
      normalizer_.Normalize(token.content, content);
      added_normalized_.Add(content, token);
    } else {
      added_.Add(token.content, token);
    }
  }
}

Tokenizer::~Tokenizer() = default;

std::unique_ptr<Tokenizer::Workspace> Tokenizer::Borrow() const {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Workspace> workspace = std::move(idle_.back());
      idle_.pop_back();
      return workspace;
    }
  }
  return std::make_unique<Workspace>();
}

void Tokenizer::GiveBack(std::unique_ptr<Workspace> workspace) const {
  std::lock_guard<std::mutex> lock(mutex_);
  idle_.push_back(std::move(workspace));
}

Status Tokenizer::Encode(const TextBatch& texts, size_t max_tokens, int32_t* offsets, EncodedBatch& out,
                         const Control& control) const {
  const std::vector<size_t> starts = CutIntoParts(texts);
  out.parts = std::vector<IdBuffer>(starts.size() - 1);
  UNIVAR_TRY(ForEachPart(starts, "the token ids", control, [&](size_t part, size_t first, size_t last) {
    std::unique_ptr<Workspace> workspace = Borrow();
    IdBuffer& ids = out.parts[part];
    for (size_t i = first; i < last; ++i) {
      const size_t before = ids.size();
      AppendText(texts.text(i), max_tokens, *workspace, ids);
      offsets[i + 1] = static_cast<int32_t>(std::min<size_t>(ids.size() - before, INT32_MAX));
    }
    GiveBack(std::move(workspace));
  }));
  out.total = 0;
  for (const IdBuffer& ids : out.parts) out.total += ids.size();
  return SumOffsets(texts.size(), out.total, "tokens", offsets);
}

void Tokenizer::AppendText(std::u16string_view text, size_t max_tokens, Workspace& workspace, IdBuffer& ids) const {
  for (const int32_t id : before_) ids.Append(id);
  const size_t room = max_tokens - SpecialCount();
  const size_t limit = room > SIZE_MAX - ids.size() ? SIZE_MAX : ids.size() + room;
  workspace.pieces.clear();
  added_.Split(text, workspace.pieces);
  for (const Piece& piece : workspace.pieces) {
    if (ids.size() >= limit) break;
    if (piece.id == Piece::kText) {
      AppendPiece(text.substr(piece.begin, piece.end - piece.begin), limit, workspace, ids);
    } else {
      ids.Append(piece.id);
    }
  }
  ids.Truncate(limit);
  for (const int32_t id : after_) ids.Append(id);
}

void Tokenizer::AppendPiece(std::u16string_view piece, size_t limit, Workspace& workspace, IdBuffer& ids) const {
  const size_t begin = ids.size();
  if (added_normalized_.empty() && AppendByTable(piece, limit, workspace, ids)) return;
  ids.Truncate(begin);
  AppendExactly(piece, limit, workspace, ids);
}

bool Tokenizer::AppendByTable(std::u16string_view piece, size_t limit, Workspace& workspace, IdBuffer& ids) const {
  size_t begin = 0;  // of the current word
  size_t i = 0;
  while (i < piece.size()) {
    CodePointAction action = normalizer_.LookupUnit(piece[i]);
    if (action.continues_word()) {
      ++i;
      continue;
    }
    size_t next = i + 1;
    if (action.kind() == CodePointAction::kSurrogate) {
      next = i;
      action = normalizer_.Lookup(NextCodePoint(piece, next));
      if (action.continues_word()) {
        i = next;
        continue;
      }
    }
    if (action.kind() == CodePointAction::kExact) {
      workspace.queued = 0;
      return false;
    }
    if (begin < i) QueueWord(piece.substr(begin, i - begin), workspace, ids);
    if (action.kind() == CodePointAction::kAlone) QueueWord(piece.substr(i, next - i), workspace, ids);
    begin = i = next;
    if (ids.size() >= limit) break;
  }
  if (begin < i) QueueWord(piece.substr(begin, i - begin), workspace, ids);
  Flush(workspace, ids);
  return true;
}

void Tokenizer::QueueWord(std::u16string_view spelling, Workspace& workspace, IdBuffer& ids) const {
  if (spelling.size() > WordCache::kMaxUnits) {
    Flush(workspace, ids);
    AppendSpelled(spelling, workspace, ids);
    return;
  }
  QueuedWord& queued = workspace.queue[workspace.queued++];
  queued.spelling = spelling.data();
  queued.key = WordCache::Key(spelling.data(), spelling.size());
  queued.slot = workspace.cache.Prefetch(queued.key);
  if (workspace.queued == workspace.queue.size()) Flush(workspace, ids);
}

void Tokenizer::Flush(Workspace& workspace, IdBuffer& ids) const {
  for (size_t i = 0; i < workspace.queued; ++i) {
    const QueuedWord& queued = workspace.queue[i];
    if (workspace.cache.Find(queued.key, queued.slot, ids)) continue;
    const size_t begin = ids.size();
    AppendSpelled({queued.spelling, queued.key.units}, workspace, ids);
    workspace.cache.Store(queued.key, queued.slot, ids.data() + begin, ids.size() - begin);
  }
  workspace.queued = 0;
}

void Tokenizer::AppendSpelled(std::u16string_view spelling, Workspace& workspace, IdBuffer& ids) const {
  std::string& word = workspace.word;
  word.clear();
  for (size_t i = 0; i < spelling.size();) {
    const CodePointAction action = normalizer_.Lookup(NextCodePoint(spelling, i));
    if (action.kind() == CodePointAction::kDrop) continue;
    if (action.kind() == CodePointAction::kSequence) {
      for (const char32_t c : normalizer_.Sequence(action.value())) AppendUtf8(c, word);
    } else {
      AppendUtf8(action.value(), word);
    }
  }
  word_pieces_.Append(word, ids);
}

void Tokenizer::AppendExactly(std::u16string_view piece, size_t limit, Workspace& workspace, IdBuffer& ids) const {
  std::u32string& text = workspace.normalized;
  text.clear();
  normalizer_.Normalize(piece, text);
  workspace.inner_pieces.clear();
  added_normalized_.Split(text, workspace.inner_pieces);
  for (const Piece& inner : workspace.inner_pieces) {
    if (ids.size() >= limit) return;
    if (inner.id == Piece::kText) {
      AppendNormalized(std::u32string_view(text).substr(inner.begin, inner.end - inner.begin), limit, workspace, ids);
    } else {
      ids.Append(inner.id);
    }
  }
}

void Tokenizer::AppendNormalized(std::u32string_view text, size_t limit, Workspace& workspace, IdBuffer& ids) const {
  std::string& word = workspace.word;
  word.clear();
  const auto end_word = [&] {
    word_pieces_.Append(word, ids);
    word.clear();
  };
  for (const char32_t c : text) {
    const CharClass kind = Normalizer::Classify(c);
    if (kind != CharClass::kWord) {
      end_word();
      if (ids.size() >= limit) return;
    }
    if (kind != CharClass::kSpace) AppendUtf8(c, word);
    if (kind == CharClass::kAlone) end_word();
  }
  end_word();
}

}  // namespace univar
