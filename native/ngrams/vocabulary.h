// Chooses the features that get a row in a table, and numbers them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/control.h"
#include "core/status.h"
#include "ngrams/corpus.h"

namespace univar {

// Collects the ids of the features that occur in at least `min_texts` texts, in ascending order. If they are more than
// `max_rows`, takes those that occur in most texts and, among equals, the smallest ids.
Status ChooseFeatures(const FeatureBlocks& corpus, size_t min_texts, size_t max_rows, const Control& control,
                      std::vector<uint32_t>* ids);

// Copies a corpus to the empty `mapped` with row numbers, the positions in `keys`, instead of feature ids, and without
// the features that have no row. keys: ascending and distinct.
Status MapToRows(const FeatureBlocks& corpus, const std::vector<uint32_t>& keys, const Control& control,
                 FeatureBlocks* mapped);

}  // namespace univar
