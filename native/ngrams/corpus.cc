#include "ngrams/corpus.h"

#include <algorithm>
#include <utility>

#include "core/try.h"

namespace univar {
namespace {

// Reserves memory for `more` entries; many calls take linear time in total.
template <typename T>
void ReserveMore(std::vector<T>& list, size_t more) {
  const size_t needed = list.size() + more;
  if (needed > list.capacity()) list.reserve(std::max(needed, 2 * list.capacity()));
}

}  // namespace

void FeatureBlock::ShrinkToFit() {
  ids.shrink_to_fit();
  counts.shrink_to_fit();
  offsets.shrink_to_fit();
}

void FeatureBlocks::Append(std::vector<FeatureBlock> blocks) {
  size_t texts = 0;
  for (const FeatureBlock& block : blocks) texts += block.offsets.size() - 1;
  // All allocations come first, so that a failed one leaves this unchanged.
  ReserveMore(texts_, texts);
  ReserveMore(blocks_, blocks.size());
  for (FeatureBlock& block : blocks) {
    for (size_t i = 0; i + 1 < block.offsets.size(); ++i) {
      const size_t at = block.offsets[i];
      texts_.push_back({block.ids.data() + at, block.counts.data() + at, block.offsets[i + 1] - at});
    }
    features_ += block.ids.size();
    blocks_.push_back(std::move(block));
  }
}

Status NgramCorpus::Add(const TextBatch& texts, const Control& control) {
  const std::vector<size_t> starts = CutIntoParts(texts);
  std::vector<FeatureBlock> blocks(starts.size() - 1);
  const auto extract = [&](size_t part, size_t first, size_t last) {
    NgramScratch scratch;
    std::vector<NgramFeature> features;
    FeatureBlock& block = blocks[part];
    for (size_t i = first; i < last; ++i) {
      ExtractNgrams(texts.text(i), groups_, scratch, features);
      for (const NgramFeature& feature : features) block.Add(feature.id, feature.count);
      block.EndText();
    }
    block.ShrinkToFit();
  };
  UNIVAR_TRY(ForEachPart(starts, "the n-grams", control, extract));
  features_.Append(std::move(blocks));
  return Status::Ok();
}

}  // namespace univar
