// Trains linear support vector machines on the n-gram features of a corpus: one per class, against the texts of all
// others.
//
//   min_w  |w|^2 / 2 + c sum_i max(0, 1 - y_i w.x_i)^2     y_i = 1 for the texts of the class, -1 for others
//
// x_i holds NgramWeight(count) for every feature with a row, scaled to unit length, and 1 for the bias. Dual coordinate
// descent with shrinking solves it (Hsieh et al. 2008, ICML, algorithm 3, as in LIBLINEAR's L2R_L2LOSS_SVC_DUAL), with
// weights and gradients in float32.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/control.h"
#include "core/status.h"
#include "ngrams/corpus.h"

namespace univar {

struct LinearSvmSettings {
  size_t min_texts = 2;  // a feature gets a row if it occurs in at least this many texts
  size_t max_rows = 0;   // if more features do, those that occur in most texts, then those of the smallest ids
  double c = 1.0;
  // Stops once the projected gradients differ by less than this, or after max_passes over the texts.
  double tolerance = 0.1;
  size_t max_passes = 200;
  uint64_t seed = 0;  // decides the order of the texts
};

struct SvmClasses {
  const int32_t* labels = nullptr;  // [texts], the class of every text
  size_t count = 0;
  float* weights = nullptr;   // [rows, count]
  float* biases = nullptr;    // [count]
  int32_t* passes = nullptr;  // [count], receives the passes over the texts; max_passes if it has not converged
};

class LinearSvm {
 public:
  // Chooses the features. Does not refer to `corpus` afterwards. Returns kData if no feature is frequent enough.
  static Status Create(const FeatureBlocks& corpus, const LinearSvmSettings& settings, const Control& control,
                       std::unique_ptr<LinearSvm>* svm);

  // Trains classes with the team of the calling thread, one per thread. The result does not depend on the number of
  // threads. Can be cancelled between two passes, and reports progress in classes.
  Status Train(const SvmClasses& classes, const Control& control) const;

  size_t texts() const { return texts_.size(); }
  const std::vector<uint32_t>& keys() const { return keys_; }
  size_t MemoryBytes() const;

 private:
  explicit LinearSvm(const LinearSvmSettings& settings) : settings_(settings) {}

  LinearSvmSettings settings_;
  std::vector<uint32_t> keys_;
  // The weights that most texts need are next to each other while a class is trained, so that they stay in the cache.
  std::vector<uint32_t> places_;  // [keys]
  FeatureBlocks texts_;           // places instead of ids, in any order
  std::vector<float> scales_;     // [texts], 1 / length of the weights
};

}  // namespace univar
