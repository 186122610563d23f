// Hashed n-gram features of texts, the input of the n-gram encoder. docs/ngram-features.md defines them; the definition
// is frozen, because tables that were trained on the features are useless with others.
//
// kWords: n-grams of tokens (words, letters of scripts without spaces, marks, line breaks) in lower case, and also as
//   written if that differs. kCharacters: n-grams of code points as written.
//
// The id of a feature is a hash with 32 bits. Features that collide count as one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/control.h"
#include "core/names.h"
#include "core/status.h"
#include "core/text_batch.h"
#include "ngrams/tokens.h"

namespace univar {

enum class NgramKind { kWords, kCharacters };

template <>
struct Names<NgramKind> {
  static constexpr Named<NgramKind> kAll[] = {{NgramKind::kWords, "words"}, {NgramKind::kCharacters, "characters"}};
};

inline constexpr size_t kMaxNgramOrders = 4;

struct NgramSettings {
  NgramKind kind = NgramKind::kWords;
  size_t orders = 3;   // items of the longest n-gram, 1 to kMaxNgramOrders
  size_t limit = 400;  // tokens or code points that are read from the start of a text; at least 1
};

struct NgramFeature {
  static constexpr uint32_t kMaxCount = 255;

  uint32_t id;
  uint32_t count;  // at most kMaxCount
};

// Buffers of one thread.
struct NgramScratch {
  std::vector<TokenHash> tokens;
  std::vector<uint32_t> ids, spare;
  std::vector<NgramFeature> group, merged;
};

// Replaces `features` with those of a text in well-formed UTF-16, ascending by id. Returns the number of tokens or code
// points that were read. Takes time linear in the length of the text.
size_t ExtractNgrams(std::u16string_view text, const NgramSettings& settings, NgramScratch& scratch,
                     std::vector<NgramFeature>& features);

// Replaces `features` with those of several groups together, ascending by id.
void ExtractNgrams(std::u16string_view text, const std::vector<NgramSettings>& groups, NgramScratch& scratch,
                   std::vector<NgramFeature>& features);

// Features in the order of the texts, in the parts that the threads produced.
struct NgramBatch {
  struct Part {
    std::vector<uint32_t> ids;
    std::vector<uint8_t> counts;
  };

  std::vector<Part> parts;
  size_t total = 0;
};

// The same for every text, with the team of the calling thread. `offsets` has texts.size() + 1 entries: text i has the
// features offsets[i] .. offsets[i + 1] - 1. Reports progress in texts.
Status ExtractNgrams(const TextBatch& texts, const NgramSettings& settings, int32_t* offsets, NgramBatch& out,
                     const Control& control);

}  // namespace univar
