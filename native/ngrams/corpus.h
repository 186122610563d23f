// The features of many texts, in the least memory: 5 bytes per feature and 24 per text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/control.h"
#include "core/status.h"
#include "core/text_batch.h"
#include "ngrams/features.h"

namespace univar {

// The features of consecutive texts: text i of the block has entries offsets[i] to offsets[i + 1] - 1. In a corpus, ids
// are feature ids; the trainer's blocks have row numbers instead.
struct FeatureBlock {
  std::vector<uint32_t> ids;  // ascending and distinct within a text
  std::vector<uint8_t> counts;
  std::vector<uint32_t> offsets{0};

  void Add(uint32_t id, uint32_t count) {
    ids.push_back(id);
    counts.push_back(static_cast<uint8_t>(count));
  }
  void EndText() { offsets.push_back(static_cast<uint32_t>(ids.size())); }
  void ShrinkToFit();
};

// A list of blocks with access to their texts by number.
class FeatureBlocks {
 public:
  struct Text {
    const uint32_t* ids;
    const uint8_t* counts;
    size_t size;
  };

  // Takes the texts of the blocks, in order.
  void Append(std::vector<FeatureBlock> blocks);

  size_t size() const { return texts_.size(); }
  const Text& text(size_t i) const { return texts_[i]; }
  const std::vector<FeatureBlock>& blocks() const { return blocks_; }
  size_t features() const { return features_; }
  size_t MemoryBytes() const { return features_ * 5 + texts_.size() * sizeof(Text); }

 private:
  std::vector<FeatureBlock> blocks_;
  std::vector<Text> texts_;  // pointers into the blocks, whose arrays never move
  size_t features_ = 0;
};

class NgramCorpus {
 public:
  explicit NgramCorpus(std::vector<NgramSettings> groups) : groups_(std::move(groups)) {}

  // Adds texts after those of earlier calls, or none of them if it fails. The result does not depend on the number of
  // threads.
  Status Add(const TextBatch& texts, const Control& control);

  const FeatureBlocks& features() const { return features_; }

 private:
  std::vector<NgramSettings> groups_;
  FeatureBlocks features_;
};

}  // namespace univar
