#include "ngrams/vocabulary.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "core/try.h"
#include "ngrams/key_index.h"

namespace univar {
namespace {

// Ids are counted range by range, so that the ids of a range stay in the cache while they are sorted.
constexpr size_t kIdsPerRange = size_t{1} << 16;
constexpr int kMaxRangeBits = 8;

struct Candidate {
  uint32_t id;
  uint32_t texts;
};

// Appends the ids of the range from `first` to `last`, once for every text that contains them.
void CollectIds(const FeatureBlocks& corpus, uint32_t first, uint32_t last, std::vector<uint32_t>& ids) {
  for (size_t i = 0; i < corpus.size(); ++i) {
    const FeatureBlocks::Text& text = corpus.text(i);
    const uint32_t* const end = text.ids + text.size;
    for (const uint32_t* at = std::lower_bound(text.ids, end, first); at < end && *at <= last; ++at) ids.push_back(*at);
  }
}

void CountTexts(std::vector<uint32_t>& ids, size_t min_texts, std::vector<Candidate>& candidates) {
  std::sort(ids.begin(), ids.end());
  for (size_t begin = 0, end = 0; begin < ids.size(); begin = end) {
    while (end < ids.size() && ids[end] == ids[begin]) ++end;
    if (end - begin >= min_texts) candidates.push_back({ids[begin], static_cast<uint32_t>(end - begin)});
  }
}

}  // namespace

Status ChooseFeatures(const FeatureBlocks& corpus, size_t min_texts, size_t max_rows, const Control& control,
                      std::vector<uint32_t>* ids) {
  const int bits = std::min<int>(std::bit_width(corpus.features() / kIdsPerRange), kMaxRangeBits);
  const size_t ranges = size_t{1} << bits, width = (size_t{1} << 32) >> bits;
  std::vector<std::vector<Candidate>> found(ranges);
  const auto count = [&](size_t r, size_t, size_t) {
    std::vector<uint32_t> in_range;
    CollectIds(corpus, static_cast<uint32_t>(r * width), static_cast<uint32_t>(r * width + (width - 1)), in_range);
    CountTexts(in_range, min_texts, found[r]);
  };
  UNIVAR_TRY(ForEachPart(CutEvenly(ranges, 1), "the vocabulary", control, count));

  std::vector<Candidate> candidates;
  for (const std::vector<Candidate>& range : found) candidates.insert(candidates.end(), range.begin(), range.end());
  if (candidates.size() > max_rows) {
    const auto better = [](const Candidate& a, const Candidate& b) {
      return a.texts != b.texts ? a.texts > b.texts : a.id < b.id;
    };
    std::nth_element(candidates.begin(), candidates.begin() + static_cast<ptrdiff_t>(max_rows), candidates.end(),
                     better);
    candidates.resize(max_rows);
  }
  ids->clear();
  ids->reserve(candidates.size());
  for (const Candidate& candidate : candidates) ids->push_back(candidate.id);
  std::sort(ids->begin(), ids->end());
  return Status::Ok();
}

Status MapToRows(const FeatureBlocks& corpus, const std::vector<uint32_t>& keys, const Control& control,
                 FeatureBlocks* mapped) {
  const KeyIndex index(keys.data(), keys.size());
  const std::vector<FeatureBlock>& from = corpus.blocks();
  std::vector<FeatureBlock> blocks(from.size());
  const auto map = [&](size_t b, size_t, size_t) {
    for (size_t i = 0; i + 1 < from[b].offsets.size(); ++i) {
      const size_t begin = from[b].offsets[i], size = from[b].offsets[i + 1] - begin;
      index.Find(
          size, [&](size_t f) { return from[b].ids[begin + f]; },
          [&](size_t f, uint32_t row) { blocks[b].Add(row, from[b].counts[begin + f]); });
      blocks[b].EndText();
    }
    blocks[b].ShrinkToFit();
  };
  UNIVAR_TRY(ForEachPart(CutEvenly(from.size(), 1), "the features of the texts", control, map));
  mapped->Append(std::move(blocks));
  return Status::Ok();
}

}  // namespace univar
