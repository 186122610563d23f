// Chooses the features that get a row in a table, and numbers them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/control.h"
#include "core/status.h"
#include "ngrams/corpus.h"

namespace univar {

// A feature and the number of texts that contain it.
struct CountedFeature {
  uint32_t id;
  uint32_t texts;
};

// Collects the ids of the features that occur in at least `min_texts` texts, in ascending order. If they are more than
// `max_rows`, takes those that occur in most texts and, among equals, the smallest ids.
Status ChooseFeatures(const FeatureBlocks& corpus, size_t min_texts, size_t max_rows, const Control& control,
                      std::vector<CountedFeature>* chosen);

// Returns the ids of features.
std::vector<uint32_t> IdsOf(const std::vector<CountedFeature>& features);

// Copies a corpus to the empty `mapped` with numbers[i] instead of the feature id keys[i], and without other features.
// keys: ascending and distinct.
Status RenumberFeatures(const FeatureBlocks& corpus, const std::vector<uint32_t>& keys,
                        const std::vector<uint32_t>& numbers, const Control& control, FeatureBlocks* mapped);

}  // namespace univar
