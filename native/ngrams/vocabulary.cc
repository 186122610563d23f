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

// Appends the ids of the range from `first` to `last`, once for every text that contains them.
void CollectIds(const FeatureBlocks& corpus, uint32_t first, uint32_t last, std::vector<uint32_t>& ids) {
  for (size_t i = 0; i < corpus.size(); ++i) {
    const FeatureBlocks::Text& text = corpus.text(i);
    const uint32_t* const end = text.ids + text.size;
    for (const uint32_t* at = std::lower_bound(text.ids, end, first); at < end && *at <= last; ++at) ids.push_back(*at);
  }
}

void CountTexts(std::vector<uint32_t>& ids, size_t min_texts, std::vector<CountedFeature>& candidates) {
  std::sort(ids.begin(), ids.end());
  for (size_t begin = 0, end = 0; begin < ids.size(); begin = end) {
    while (end < ids.size() && ids[end] == ids[begin]) ++end;
    if (end - begin >= min_texts) candidates.push_back({ids[begin], static_cast<uint32_t>(end - begin)});
  }
}

}  // namespace

Status ChooseFeatures(const FeatureBlocks& corpus, size_t min_texts, size_t max_rows, const Control& control,
                      std::vector<CountedFeature>* chosen) {
  const int bits = std::min<int>(std::bit_width(corpus.features() / kIdsPerRange), kMaxRangeBits);
  const size_t ranges = size_t{1} << bits, width = (size_t{1} << 32) >> bits;
  std::vector<std::vector<CountedFeature>> found(ranges);
  const auto count = [&](size_t r, size_t, size_t) {
    std::vector<uint32_t> in_range;
    CollectIds(corpus, static_cast<uint32_t>(r * width), static_cast<uint32_t>(r * width + (width - 1)), in_range);
    CountTexts(in_range, min_texts, found[r]);
  };
  UNIVAR_TRY(ForEachPart(CutEvenly(ranges, 1), "the vocabulary", control, count));

  chosen->clear();
  for (const std::vector<CountedFeature>& range : found) chosen->insert(chosen->end(), range.begin(), range.end());
  if (chosen->size() > max_rows) {
    const auto better = [](const CountedFeature& a, const CountedFeature& b) {
      return a.texts != b.texts ? a.texts > b.texts : a.id < b.id;
    };
    std::nth_element(chosen->begin(), chosen->begin() + static_cast<ptrdiff_t>(max_rows), chosen->end(), better);
    chosen->resize(max_rows);
    std::sort(chosen->begin(), chosen->end(),
              [](const CountedFeature& a, const CountedFeature& b) { return a.id < b.id; });
  }
  return Status::Ok();
}

std::vector<uint32_t> IdsOf(const std::vector<CountedFeature>& features) {
  std::vector<uint32_t> ids(features.size());
  std::transform(features.begin(), features.end(), ids.begin(), [](const CountedFeature& one) { return one.id; });
  return ids;
}

Status RenumberFeatures(const FeatureBlocks& corpus, const std::vector<uint32_t>& keys,
                        const std::vector<uint32_t>& numbers, const Control& control, FeatureBlocks* mapped) {
  const KeyIndex index(keys.data(), keys.size());
  const std::vector<FeatureBlock>& from = corpus.blocks();
  std::vector<FeatureBlock> blocks(from.size());
  const auto map = [&](size_t b, size_t, size_t) {
    for (size_t i = 0; i + 1 < from[b].offsets.size(); ++i) {
      const size_t begin = from[b].offsets[i], size = from[b].offsets[i + 1] - begin;
      index.Find(
          size, [&](size_t f) { return from[b].ids[begin + f]; },
          [&](size_t f, uint32_t row) { blocks[b].Add(numbers[row], from[b].counts[begin + f]); });
      blocks[b].EndText();
    }
    blocks[b].ShrinkToFit();
  };
  UNIVAR_TRY(ForEachPart(CutEvenly(from.size(), 1), "the features of the texts", control, map));
  mapped->Append(std::move(blocks));
  return Status::Ok();
}

}  // namespace univar
