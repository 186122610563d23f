// Trains a table of embeddings on pairs of texts of a corpus.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/aligned_buffer.h"
#include "core/control.h"
#include "core/status.h"
#include "ngrams/corpus.h"
#include "ngrams/table.h"
#include "ngrams/training_step.h"

namespace univar {

struct NgramTrainerSettings {
  size_t min_texts = 2;  // a feature gets a row if it occurs in at least this many texts
  size_t max_rows = 0;   // if more features do, those that occur in most texts, then those of the smallest ids
  size_t dim = 0;
  uint64_t seed = 0;
};

// Several steps of `first.pairs` pairs each. The arrays of step i start at entry i * pairs.
struct NgramSteps {
  PairBatch first;
  const double* learning_rates = nullptr;  // [steps]
  size_t steps = 0;
};

class NgramTrainer {
 public:
  // Gives every chosen feature the row that `base` (or null) has for it, or random numbers, which are uniform with
  // variance 1 / dim and depend only on the seed and the feature. The trainer does not refer to `corpus` or `base`
  // afterwards. Returns kShapeMismatch if `base` has another dim, and kData if no feature is frequent enough.
  static Status Create(const FeatureBlocks& corpus, const NgramTrainerSettings& settings, const NgramTable* base,
                       const Control& control, std::unique_ptr<NgramTrainer>* trainer);

  // losses: [steps]. Can be cancelled between two steps, and reports progress in steps. If it fails, the steps before
  // the failed one stay applied. Returns kNonFinite, naming the step, if a loss is not finite.
  Status Run(const NgramSteps& steps, double* losses, const Control& control);

  size_t texts() const { return texts_.size(); }
  size_t dim() const { return settings_.dim; }
  const std::vector<uint32_t>& keys() const { return keys_; }
  float* rows() const { return rows_.data(); }  // [keys, dim]
  float* moments() { return moments_.data(); }  // [keys]
  size_t MemoryBytes() const;

 private:
  explicit NgramTrainer(const NgramTrainerSettings& settings) : settings_(settings) {}
  Status FillRows(const NgramTable* base, const Control& control);

  NgramTrainerSettings settings_;
  std::vector<uint32_t> keys_;
  FeatureBlocks texts_;  // row numbers instead of ids
  AlignedBuffer<float> rows_;
  std::vector<float> moments_;
  std::unique_ptr<NgramTrainingStep> step_;
};

}  // namespace univar
