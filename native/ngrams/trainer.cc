#include "ngrams/trainer.h"

#include <cmath>
#include <string>
#include <utility>

#include "core/try.h"
#include "ngrams/vocabulary.h"

namespace univar {
namespace {

constexpr size_t kRows = 256;  // per part of the work

// SplitMix64 (Steele, Lea and Flood 2014).
class Random {
 public:
  explicit Random(uint64_t state) : state_(state) {}
  uint64_t Next() {
    uint64_t x = state_ += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
  }
  // Returns a number between -0.5 and 0.5.
  float Centred() { return (static_cast<float>(Next() >> 41) + 0.5f) * 0x1p-23f - 0.5f; }

 private:
  uint64_t state_;
};

void FillRandomly(uint64_t seed, uint32_t key, size_t dim, float* row) {
  Random random(Random(Random(seed).Next() + key).Next());
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
  UNIVAR_TRY(ChooseFeatures(corpus, settings.min_texts, settings.max_rows, control, &made->keys_));
  if (made->keys_.empty()) {
    return Status::Error(Code::kData, "No n-gram occurs in at least " + std::to_string(settings.min_texts) +
                                          " of the " + std::to_string(corpus.size()) +
                                          " texts, so there is nothing to train");
  }
  UNIVAR_TRY(made->MapTexts(corpus, control));
  UNIVAR_TRY(made->FillRows(base, control));
  made->step_ = std::make_unique<NgramTrainingStep>(made->texts_, made->keys_.size(), settings.dim);
  *trainer = std::move(made);
  return Status::Ok();
}

// Copies the texts with row numbers instead of feature ids, without the features that have no row.
Status NgramTrainer::MapTexts(const FeatureBlocks& corpus, const Control& control) {
  const KeyIndex index(keys_.data(), keys_.size());
  const std::vector<FeatureBlock>& from = corpus.blocks();
  std::vector<FeatureBlock> mapped(from.size());
  const auto map = [&](size_t b, size_t, size_t) {
    for (size_t i = 0; i + 1 < from[b].offsets.size(); ++i) {
      const size_t begin = from[b].offsets[i], size = from[b].offsets[i + 1] - begin;
      index.Find(
          size, [&](size_t f) { return from[b].ids[begin + f]; },
          [&](size_t f, uint32_t row) { mapped[b].Add(row, from[b].counts[begin + f]); });
      mapped[b].EndText();
    }
    mapped[b].ShrinkToFit();
  };
  UNIVAR_TRY(ForEachPart(CutEvenly(from.size(), 1), "the features of the texts", control, map));
  texts_.Append(std::move(mapped));
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
