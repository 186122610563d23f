// One training step of a table: forward, loss, backward and optimizer. The result does not depend on the number of
// threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/aligned_buffer.h"
#include "core/status.h"
#include "ngrams/corpus.h"
#include "ops/bag.h"
#include "ops/infonce.h"

namespace univar {

struct PairBatch {
  const int32_t* queries = nullptr;  // [pairs], text numbers
  const int32_t* keys = nullptr;     // [pairs]
  const int32_t* labels = nullptr;   // [pairs]; read if the mode uses labels
  size_t pairs = 0;
  double learning_rate = 0;
  double logit_scale = 1;
  InfoNceMode mode = InfoNceMode::kMaskedSymmetric;
};

class NgramTrainingStep {
 public:
  // texts: row numbers instead of feature ids. The step holds a reference to it.
  NgramTrainingStep(const FeatureBlocks& texts, size_t rows, size_t dim)
      : texts_(texts), table_rows_(rows), dim_(dim), next_(rows) {}

  // rows: [rows, dim], moments: [rows]. Changes nothing if it fails. A text without rows has the zero vector.
  Status Run(const PairBatch& batch, float* rows, float* moments, double* loss);

 private:
  // Rows of the table are updated in ranges, so that threads neither share a row nor wait for each other.
  static constexpr size_t kRanges = 32;

  size_t RangeBegin(size_t range) const { return table_rows_ * range / kRanges; }
  size_t CutAt(size_t sample, size_t range) const { return sample * (kRanges + 1) + range; }
  size_t TextOf(const PairBatch& batch, size_t sample) const;

  Status Allocate(const PairBatch& batch);
  void Forward(const PairBatch& batch, const float* rows);
  Status Loss(const PairBatch& batch, double* loss);
  void Backward(const PairBatch& batch, float* rows, float* moments);
  size_t GroupRange(size_t range, size_t begin);

  const FeatureBlocks& texts_;
  const size_t table_rows_, dim_;

  // A sample is a query (the first half) or a key. Sample s has entries_[starts_[s]] to entries_[starts_[s + 1] - 1],
  // by ascending row; those in range r start at cuts_[CutAt(s, r)].
  size_t samples_ = 0;
  std::vector<uint32_t> starts_, cuts_;
  std::vector<BagEntry> entries_;  // row of the table, weight

  // The entries grouped by row, range by range: see BagStepArgs.
  std::vector<BagEntry> grouped_;  // sample, weight
  std::vector<uint32_t> touched_, offsets_;
  std::vector<uint32_t> next_;  // of every row of the table, zero between two steps

  AlignedBuffer<float> sums_, units_, gradients_;  // [samples, dim]
  std::vector<float> row_gradients_;               // [threads, dim]
};

}  // namespace univar
