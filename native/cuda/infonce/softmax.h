// Sums of exponentials that are computed in parts, each relative to its own maximum, and the loss and gradient terms
// that follow from the sums of a row (ops/infonce.h).
#pragma once

#include "cuda/machine/numbers.h"
#include "ops/infonce.h"

namespace univar::cuda {

// sum = sum_j exp(scale (x_j - max)). Without terms, max is -infinity and sum is 0.
struct SoftSum {
  float max;
  double sum;
};

UNIVAR_HD SoftSum EmptySoftSum() { return {MinusInfinity(), 0.0}; }

// Returns the largest term of a part, relative to `max`.
UNIVAR_HD double Largest(const SoftSum& part, float max, double scale) {
  // Without the check, an empty part would give exp(-inf + inf).
  return part.sum == 0.0 ? 0.0 : exp(scale * (static_cast<double>(part.max) - max));
}

UNIVAR_HD double Rescaled(const SoftSum& part, float max, double scale) { return part.sum * Largest(part, max, scale); }

UNIVAR_HD void Merge(SoftSum* into, const SoftSum& part, double scale) {
  const float max = part.max > into->max ? part.max : into->max;
  into->sum = Rescaled(*into, max, scale) + Rescaled(part, max, scale);
  into->max = max;
}

// Gradient terms of a row (or column): its coefficients are weight exp(scale (x - max)), minus mean for positives.
struct RowTerms {
  float max, weight, mean;
};

struct RowResult {
  RowTerms terms;
  double largest;  // upper bound of the magnitudes of the coefficients in the products
  double loss;
  double coefficient;  // c_i of the positives
};

// Finishes a row whose only positive has the dot product `positive`. `weight` is dL / d(logit) of a probability.
UNIVAR_HD RowResult FinishSingle(const SoftSum& negatives, double positive, double scale, double weight) {
  const float own = static_cast<float>(positive);
  const float max = own > negatives.max ? own : negatives.max;
  const double gap = scale * (positive - max);
  const double positive_sum = exp(gap), negative_sum = Rescaled(negatives, max, scale);
  const double all = negative_sum + positive_sum;
  return {{max, static_cast<float>(weight / all), 0.0f},
          weight / all * Largest(negatives, max, scale),
          SinglePositiveLoss(negative_sum, positive_sum, gap),
          weight * negative_sum / all};
}

// Finishes a row with `count` positives, whose dot products add up to `total`.
UNIVAR_HD RowResult FinishSeveral(const SoftSum& negatives, const SoftSum& positives, double total, double count,
                                  double scale, double weight) {
  const float max = positives.max > negatives.max ? positives.max : negatives.max;
  const double gap = scale * (total / count - max);
  const double positive_sum = Rescaled(positives, max, scale), negative_sum = Rescaled(negatives, max, scale);
  const double all = negative_sum + positive_sum;
  return {{max, static_cast<float>(weight / all), static_cast<float>(weight * positive_sum / all / count)},
          weight / all,
          log(all) - gap,
          weight * negative_sum / all / count};
}

// Returns exp(scale (x - max)) of a term that is at most about 1.
UNIVAR_HD float Term(float x, float max, float scale) { return expf(scale * (x - max)); }

}  // namespace univar::cuda
