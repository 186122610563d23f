#include "ngrams/training_step.h"

#include <omp.h>

#include <algorithm>
#include <array>

#include "core/try.h"
#include "cpu/bag.h"
#include "ngrams/table.h"  // NgramWeight
#include "ops/backend.h"

namespace univar {

Status NgramTrainingStep::Run(const PairBatch& batch, float* rows, float* moments, double* loss) {
  UNIVAR_TRY(Allocate(batch));
  Forward(batch, rows);
  UNIVAR_TRY(Loss(batch, loss));
  Backward(batch, rows, moments);
  return Status::Ok();
}

size_t NgramTrainingStep::TextOf(const PairBatch& batch, size_t sample) const {
  return static_cast<size_t>(sample < batch.pairs ? batch.queries[sample] : batch.keys[sample - batch.pairs]);
}

// All memory is allocated here, because an exception must not leave a parallel region.
Status NgramTrainingStep::Allocate(const PairBatch& batch) {
  samples_ = 2 * batch.pairs;
  starts_.resize(samples_ + 1);
  cuts_.resize(samples_ * (kRanges + 1));
  size_t total = 0;
  for (size_t s = 0; s < samples_; ++s) {
    starts_[s] = static_cast<uint32_t>(total);
    total += texts_.text(TextOf(batch, s)).size;
  }
  if (total > UINT32_MAX) return Status::Error(Code::kArgRange, "A batch has more than 4294967295 n-grams");
  starts_[samples_] = static_cast<uint32_t>(total);
  entries_.resize(total);
  grouped_.resize(total);
  touched_.resize(total);
  offsets_.resize(total + kRanges);
  row_gradients_.resize(static_cast<size_t>(omp_get_max_threads()) * dim_);
  for (AlignedBuffer<float>* buffer : {&sums_, &units_, &gradients_})
    UNIVAR_TRY(buffer->Reserve(samples_ * dim_, "the vectors of a batch"));
  return Status::Ok();
}

void NgramTrainingStep::Forward(const PairBatch& batch, const float* rows) {
  const BagTable table{.data = rows, .rows = table_rows_, .dim = dim_};
#pragma omp parallel for schedule(dynamic, 4)
  for (size_t s = 0; s < samples_; ++s) {
    const FeatureBlocks::Text& text = texts_.text(TextOf(batch, s));
    BagEntry* entries = entries_.data() + starts_[s];
    for (size_t i = 0; i < text.size; ++i) entries[i] = {text.ids[i], NgramWeight(text.counts[i])};
    size_t at = 0;
    for (size_t range = 0; range <= kRanges; ++range) {
      const size_t first = RangeBegin(range);
      at = static_cast<size_t>(std::lower_bound(text.ids + at, text.ids + text.size, first) - text.ids);
      cuts_[CutAt(s, range)] = static_cast<uint32_t>(starts_[s] + at);
    }
    bag_forward_cpu(table, entries, text.size, sums_.data() + s * dim_);
  }
}

// Computes the loss and its gradients with respect to the sums.
Status NgramTrainingStep::Loss(const PairBatch& batch, double* loss) {
  const Backend& backend = GetBackend();
  const ConstMatrix sums{sums_.data(), samples_, dim_};
  const Matrix gradients{gradients_.data(), samples_, dim_};
  UNIVAR_TRY(backend.l2_normalize(sums, {units_.data(), samples_, dim_}, Control()));
  UNIVAR_TRY(backend.info_nce({.query = units_.data(),
                               .key = units_.data() + batch.pairs * dim_,
                               .labels = batch.labels,
                               .d_query = gradients.data,
                               .d_key = gradients.data + batch.pairs * dim_,
                               .rows = batch.pairs,
                               .dim = dim_,
                               .logit_scale = batch.logit_scale,
                               .mode = batch.mode},
                              loss, Control()));
  return backend.l2_normalize_backward(sums, {gradients.data, samples_, dim_}, gradients);
}

// Each range is grouped and updated by one thread. Within a row, entries are in the order of the samples.
void NgramTrainingStep::Backward(const PairBatch& batch, float* rows, float* moments) {
  std::array<size_t, kRanges + 1> begins{};
  for (size_t range = 0; range < kRanges; ++range) {
    begins[range + 1] = begins[range];
    for (size_t s = 0; s < samples_; ++s) begins[range + 1] += cuts_[CutAt(s, range + 1)] - cuts_[CutAt(s, range)];
  }
  const BagStepArgs all{.rows = rows,
                        .moments = moments,
                        .dim = dim_,
                        .entries = grouped_.data(),
                        .d_out = gradients_.data(),
                        .learning_rate = batch.learning_rate};
#pragma omp parallel for schedule(dynamic, 1)
  for (size_t range = 0; range < kRanges; ++range) {
    const size_t distinct = GroupRange(range, begins[range]);
    BagStepArgs args = all;
    args.touched = touched_.data() + begins[range];
    args.offsets = offsets_.data() + begins[range] + range;
    bag_step_cpu(args, 0, distinct, row_gradients_.data() + static_cast<size_t>(omp_get_thread_num()) * dim_);
  }
}

// Sorts the entries of a range by row into grouped_, from `begin` on, by counting. Returns the number of distinct rows.
size_t NgramTrainingStep::GroupRange(size_t range, size_t begin) {
  const auto for_each_entry = [&](const auto& use) {
    for (size_t s = 0; s < samples_; ++s) {
      for (size_t at = cuts_[CutAt(s, range)]; at < cuts_[CutAt(s, range + 1)]; ++at) use(s, entries_[at]);
    }
  };
  for_each_entry([&](size_t, const BagEntry& entry) { ++next_[entry.row]; });
  uint32_t* touched = touched_.data() + begin;
  uint32_t* offsets = offsets_.data() + begin + range;  // one more than rows in every range
  size_t distinct = 0;
  uint32_t end = static_cast<uint32_t>(begin);
  for (size_t row = RangeBegin(range); row < RangeBegin(range + 1); ++row) {
    if (next_[row] == 0) continue;
    touched[distinct] = static_cast<uint32_t>(row);
    offsets[distinct++] = end;
    const uint32_t count = next_[row];
    next_[row] = end;
    end += count;
  }
  offsets[distinct] = end;
  for_each_entry([&](size_t s, const BagEntry& entry) {
    grouped_[next_[entry.row]++] = {static_cast<uint32_t>(s), entry.weight};
  });
  for (size_t i = 0; i < distinct; ++i) next_[touched[i]] = 0;
  return distinct;
}

}  // namespace univar
