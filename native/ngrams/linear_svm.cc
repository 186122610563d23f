#include "ngrams/linear_svm.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "core/random.h"
#include "core/try.h"
#include "ngrams/table.h"  // NgramWeights
#include "ngrams/vocabulary.h"

namespace univar {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

float LengthScale(const FeatureBlocks::Text& text) {
  const float* const counted = NgramWeights();
  double squares = 0.0;
  for (size_t f = 0; f < text.size; ++f) squares += std::pow(counted[text.counts[f]], 2.0);
  return squares > 0.0 ? static_cast<float>(1.0 / std::sqrt(squares)) : 0.0f;
}

// The weights of one class.
class Plane {
 public:
  Plane(const FeatureBlocks& texts, const std::vector<float>& scales, size_t rows)
      : texts_(texts), scales_(scales), weights_(rows) {}

  // Returns w.x of text i.
  float Product(size_t i) const {
    const FeatureBlocks::Text& text = texts_.text(i);
    float sums[4] = {};  // four hide the latency of the additions; their order is fixed
    size_t f = 0;
    for (; f + 4 <= text.size; f += 4) {
      for (size_t k = 0; k < 4; ++k) sums[k] += counted_[text.counts[f + k]] * weights_[text.ids[f + k]];
    }
    for (; f < text.size; ++f) sums[0] += counted_[text.counts[f]] * weights_[text.ids[f]];
    return bias_ + scales_[i] * ((sums[0] + sums[1]) + (sums[2] + sums[3]));
  }

  // Adds step times x of text i.
  void Add(size_t i, float step) {
    const FeatureBlocks::Text& text = texts_.text(i);
    const float scaled = step * scales_[i];
    for (size_t f = 0; f < text.size; ++f) weights_[text.ids[f]] += scaled * counted_[text.counts[f]];
    bias_ += step;
  }

  const std::vector<float>& weights() const { return weights_; }
  float bias() const { return bias_; }
  size_t texts() const { return texts_.size(); }
  // Returns |x|^2 of text i.
  float Square(size_t i) const { return scales_[i] > 0.0f ? 2.0f : 1.0f; }

 private:
  const FeatureBlocks& texts_;
  const std::vector<float>& scales_;
  const float* counted_ = NgramWeights();  // the weights of counts
  std::vector<float> weights_;
  float bias_ = 0.0f;
};

// Trains the plane of one class, whose weights are 0. Returns the number of passes.
size_t Descend(const LinearSvmSettings& settings, const int32_t* labels, int32_t label, const Control& control,
               Plane& plane) {
  const float diagonal = static_cast<float>(0.5 / settings.c);
  std::vector<float> alphas(plane.texts());
  std::vector<uint32_t> order(plane.texts());  // the texts to visit, then those that are left out for now
  std::iota(order.begin(), order.end(), 0u);
  size_t active = order.size();
  SplitMix64 random(SplitMix64(settings.seed).Next() + static_cast<uint64_t>(label));
  float bound = kInfinity;  // a text with alpha 0 and a larger gradient is left out
  for (size_t pass = 1; pass <= settings.max_passes && !control.cancelled(); ++pass) {
    for (size_t i = 0; i + 1 < active; ++i) std::swap(order[i], order[i + random.Below(active - i)]);
    float largest = -kInfinity, smallest = kInfinity;
    for (size_t at = 0; at < active;) {
      const uint32_t i = order[at];
      const float y = labels[i] == label ? 1.0f : -1.0f;
      const float gradient = y * plane.Product(i) - 1.0f + diagonal * alphas[i];
      const float projected = alphas[i] == 0.0f ? std::min(gradient, 0.0f) : gradient;
      if (alphas[i] == 0.0f && gradient > bound) {
        std::swap(order[at], order[--active]);
        continue;
      }
      largest = std::max(largest, projected);
      smallest = std::min(smallest, projected);
      if (projected != 0.0f) {
        const float before = alphas[i];
        alphas[i] = std::max(before - gradient / (plane.Square(i) + diagonal), 0.0f);
        plane.Add(i, (alphas[i] - before) * y);
      }
      ++at;
    }
    bound = largest > 0.0f ? largest : kInfinity;
    if (largest - smallest > static_cast<float>(settings.tolerance)) continue;
    if (active == order.size()) return pass;
    active = order.size();  // checks the texts that were left out
    bound = kInfinity;
  }
  return settings.max_passes;
}

// Returns the place of every feature when they are ordered by the number of texts that contain them, most first.
std::vector<uint32_t> RankByTexts(const std::vector<CountedFeature>& features) {
  std::vector<uint32_t> order(features.size()), places(features.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return features[a].texts != features[b].texts ? features[a].texts > features[b].texts : a < b;
  });
  for (size_t place = 0; place < order.size(); ++place) places[order[place]] = static_cast<uint32_t>(place);
  return places;
}

}  // namespace

Status LinearSvm::Create(const FeatureBlocks& corpus, const LinearSvmSettings& settings, const Control& control,
                         std::unique_ptr<LinearSvm>* svm) {
  std::unique_ptr<LinearSvm> made(new LinearSvm(settings));
  std::vector<CountedFeature> chosen;
  UNIVAR_TRY(ChooseFeatures(corpus, settings.min_texts, settings.max_rows, control, &chosen));
  made->keys_ = IdsOf(chosen);
  made->places_ = RankByTexts(chosen);
  UNIVAR_TRY(RenumberFeatures(corpus, made->keys_, made->places_, control, &made->texts_));
  made->scales_.resize(made->texts_.size());
  for (size_t i = 0; i < made->scales_.size(); ++i) made->scales_[i] = LengthScale(made->texts_.text(i));
  *svm = std::move(made);
  return Status::Ok();
}

Status LinearSvm::Train(const SvmClasses& classes, const Control& control) const {
  const auto train = [&](size_t c, size_t, size_t) {
    Plane plane(texts_, scales_, keys_.size());
    classes.passes[c] =
        static_cast<int32_t>(Descend(settings_, classes.labels, static_cast<int32_t>(c), control, plane));
    for (size_t row = 0; row < keys_.size(); ++row)
      classes.weights[row * classes.count + c] = plane.weights()[places_[row]];
    classes.biases[c] = plane.bias();
  };
  UNIVAR_TRY(ForEachPart(CutEvenly(classes.count, 1), "the linear classifier", control, train));
  return control.cancelled() ? Status::Aborted() : Status::Ok();
}

size_t LinearSvm::MemoryBytes() const {
  return texts_.MemoryBytes() + 2 * keys_.size() * sizeof(uint32_t) + scales_.size() * sizeof(float);
}

}  // namespace univar
