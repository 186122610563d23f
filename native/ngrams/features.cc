#include "ngrams/features.h"

#include <algorithm>
#include <array>

#include "core/try.h"
#include "core/utf16.h"
#include "ngrams/hashing.h"
#include "ngrams/sort_ids.h"

namespace univar {
namespace {

constexpr uint64_t kWordsSeed = 0;
constexpr uint64_t kCharactersSeed = 0x63686172;  // "char"

// The n-grams that end at the last item of a sequence.
class NgramWindow {
 public:
  explicit NgramWindow(uint64_t seed) : grams_{seed} {}

  // `orders` is at most kMaxNgramOrders, and at most the number of items including this one.
  void Push(uint64_t item, size_t orders) {
    for (size_t n = orders; n > 0; --n) grams_[n] = ExtendNgram(grams_[n - 1], item);
  }
  uint64_t gram(size_t n) const { return grams_[n]; }

 private:
  std::array<uint64_t, kMaxNgramOrders + 1> grams_;
};

uint32_t* Reserve(std::vector<uint32_t>& ids, size_t count) {
  if (ids.size() < count) ids.resize(count);
  return ids.data();
}

// Writes the ids of all n-grams of tokens and returns their number.
size_t WordNgrams(const std::vector<TokenHash>& tokens, size_t orders, std::vector<uint32_t>& ids) {
  uint32_t* const begin = Reserve(ids, 2 * orders * tokens.size() + 1);
  uint32_t* out = begin;
  NgramWindow lower(kWordsSeed), written(kWordsSeed);
  for (size_t i = 0; i < tokens.size(); ++i) {
    const size_t longest = std::min(orders, i + 1);
    lower.Push(tokens[i].lower, longest);
    written.Push(tokens[i].written, longest);
    for (size_t n = 1; n <= longest; ++n) {
      *out++ = FeatureId(lower.gram(n));
      *out = FeatureId(written.gram(n));  // kept only if it differs, without a branch that is hard to predict
      out += written.gram(n) != lower.gram(n);
    }
  }
  return static_cast<size_t>(out - begin);
}

// Writes the ids of all n-grams of the first `limit` code points and returns their number.
size_t CharacterNgrams(std::u16string_view text, size_t orders, size_t limit, std::vector<uint32_t>& ids,
                       size_t& code_points) {
  uint32_t* const begin = Reserve(ids, orders * std::min(limit, text.size()));
  uint32_t* out = begin;
  NgramWindow window(kCharactersSeed);
  code_points = 0;
  for (size_t at = 0; at < text.size() && code_points < limit; ++code_points) {
    const size_t longest = std::min(orders, code_points + 1);
    window.Push(NextCodePoint(text, at), longest);
    for (size_t n = 1; n <= longest; ++n) *out++ = FeatureId(window.gram(n));
  }
  return static_cast<size_t>(out - begin);
}

// Replaces `merged` with the features of two ascending lists. Counts of equal ids are added.
void Merge(const std::vector<NgramFeature>& a, const std::vector<NgramFeature>& b, std::vector<NgramFeature>& merged) {
  merged.clear();
  merged.reserve(a.size() + b.size());
  auto i = a.begin(), j = b.begin();
  while (i != a.end() && j != b.end()) {
    if (i->id == j->id) {
      merged.push_back({i->id, std::min(i->count + j->count, NgramFeature::kMaxCount)});
      ++i, ++j;
    } else {
      merged.push_back(i->id < j->id ? *i++ : *j++);
    }
  }
  merged.insert(merged.end(), i, a.end());
  merged.insert(merged.end(), j, b.end());
}

}  // namespace

size_t ExtractNgrams(std::u16string_view text, const NgramSettings& settings, NgramScratch& scratch,
                     std::vector<NgramFeature>& features) {
  size_t items = 0, count = 0;
  switch (settings.kind) {
    case NgramKind::kWords:
      HashTokens(text, settings.limit, scratch.tokens);
      items = scratch.tokens.size();
      count = WordNgrams(scratch.tokens, settings.orders, scratch.ids);
      break;
    case NgramKind::kCharacters:
      count = CharacterNgrams(text, settings.orders, settings.limit, scratch.ids, items);
      break;
  }
  const uint32_t* ids = SortIds(scratch.ids.data(), Reserve(scratch.spare, count), count);
  features.clear();
  for (size_t i = 0; i < count;) {
    size_t end = i + 1;
    while (end < count && ids[end] == ids[i]) ++end;
    features.push_back({ids[i], static_cast<uint32_t>(std::min<size_t>(end - i, NgramFeature::kMaxCount))});
    i = end;
  }
  return items;
}

void ExtractNgrams(std::u16string_view text, const std::vector<NgramSettings>& groups, NgramScratch& scratch,
                   std::vector<NgramFeature>& features) {
  features.clear();
  for (const NgramSettings& settings : groups) {
    ExtractNgrams(text, settings, scratch, scratch.group);
    Merge(features, scratch.group, scratch.merged);
    features.swap(scratch.merged);
  }
}

Status ExtractNgrams(const TextBatch& texts, const NgramSettings& settings, int32_t* offsets, NgramBatch& out,
                     const Control& control) {
  const std::vector<size_t> starts = CutIntoParts(texts);
  out.parts = std::vector<NgramBatch::Part>(starts.size() - 1);
  UNIVAR_TRY(ForEachPart(starts, "the n-gram features", control, [&](size_t part, size_t first, size_t last) {
    NgramScratch scratch;
    std::vector<NgramFeature> features;
    NgramBatch::Part& to = out.parts[part];
    for (size_t i = first; i < last; ++i) {
      ExtractNgrams(texts.text(i), settings, scratch, features);
      for (const NgramFeature& feature : features) {
        to.ids.push_back(feature.id);
        to.counts.push_back(static_cast<uint8_t>(feature.count));
      }
      offsets[i + 1] = static_cast<int32_t>(std::min<size_t>(features.size(), INT32_MAX));
    }
  }));
  out.total = 0;
  for (const NgramBatch::Part& part : out.parts) out.total += part.ids.size();
  return SumOffsets(texts.size(), out.total, "features", offsets);
}

}  // namespace univar
