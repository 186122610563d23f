#include "ngrams/trainer.h"

#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "core/random.h"
#include "core/try.h"
#include "ngrams/vocabulary.h"

namespace univar {
namespace {

constexpr size_t kRows = 256;  // per part of the work

void FillRandomly(uint64_t seed, uint32_t key, size_t dim, float* row) {
  SplitMix64 random(SplitMix64(SplitMix64(seed).Next() + key).Next());
  const float width = static_cast<float>(std::sqrt(12.0 / static_cast<double>(dim)));
  for (size_t d = 0; d < dim; ++d) row[d] = width * random.Centred();
}

}  // namespace

Status NgramTrainer::Create(const FeatureBlocks& corpus, const NgramTrainerSettings& settings, const NgramTable* base,
                            const Control& control, std::unique_ptr<NgramTrainer>* trainer) {
  if (base != nullptr && base->dim() != settings.dim) {
    return Status::Error(Code::kShapeMismatch, "Expected a base of " + std::to_string(settings.dim) +
                                                   " dimensions, got " + std::to_string(base->dim()));
  }
  std::unique_ptr<NgramTrainer> made(new NgramTrainer(settings));
  std::vector<CountedFeature> chosen;
  UNIVAR_TRY(ChooseFeatures(corpus, settings.min_texts, settings.max_rows, control, &chosen));
  made->keys_ = IdsOf(chosen);
  if (made->keys_.empty()) {
    return Status::Error(Code::kData, "No n-gram occurs in at least " + std::to_string(settings.min_texts) +
                                          " of the " + std::to_string(corpus.size()) +
                                          " texts, so there is nothing to train");
  }
  std::vector<uint32_t> rows(made->keys_.size());
  std::iota(rows.begin(), rows.end(), 0u);
  UNIVAR_TRY(RenumberFeatures(corpus, made->keys_, rows, control, &made->texts_));
  UNIVAR_TRY(made->FillRows(base, control));
  made->step_ = std::make_unique<NgramTrainingStep>(made->texts_, made->keys_.size(), settings.dim);
  *trainer = std::move(made);
  return Status::Ok();
}

Status NgramTrainer::FillRows(const NgramTable* base, const Control& control) {
  const size_t dim = settings_.dim;
  UNIVAR_TRY(rows_.Allocate(keys_.size() * dim, "the table"));
  moments_.assign(keys_.size(), 0.0f);
  const auto fill = [&](size_t, size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row) FillRandomly(settings_.seed, keys_[row], dim, rows() + row * dim);
    if (base == nullptr) return;
    base->index().Find(
        end - begin, [&](size_t i) { return keys_[begin + i]; },
        [&](size_t i, uint32_t row) { base->ReadRow(row, rows() + (begin + i) * dim); });
  };
  return ForEachPart(CutEvenly(keys_.size(), kRows), "the table", control, fill);
}

Status NgramTrainer::Run(const NgramSteps& steps, double* losses, const Control& control) {
  PairBatch batch = steps.first;
  for (size_t i = 0; i < steps.steps; ++i) {
    if (control.cancelled()) return Status::Aborted();
    batch.learning_rate = steps.learning_rates[i];
    if (Status s = step_->Run(batch, rows(), moments(), &losses[i]); !s.ok())
      return Status::Error(s.code(), "Step " + std::to_string(i) + ": " + s.message());
    batch.queries += batch.pairs;
    batch.keys += batch.pairs;
    if (batch.labels != nullptr) batch.labels += batch.pairs;
    control.report(static_cast<int64_t>(i + 1));
  }
  return Status::Ok();
}

size_t NgramTrainer::MemoryBytes() const {
  return texts_.MemoryBytes() + keys_.size() * (settings_.dim + 3) * sizeof(float);
}

}  // namespace univar
