// InfoNCE loss over a batch of paired rows, with gradients for both sides.
//
//   query, key, d_query, d_key: [rows, dim] float32, row-major; pair i is query row x_i and key row y_i
//   z_ij = logit_scale x_i . y_j,   B = rows,   L = (1 / B) sum_i L_i
//
//   one-way     L_i = LSE_j z_ij - z_ii
//   symmetric   L_i = ((LSE_j z_ij - z_ii) + (LSE_j z_ji - z_ii)) / 2
//   masked      one-way without the rows j != i with label_j = label_i in the denominator of row i
//   masked-symmetric   symmetric without these rows in the denominators of both directions
//   supervised  L_i = LSE_j z_ij - (1 / |Pos_i|) sum_{p in Pos_i} z_ip,   Pos_i = {p : label_p = label_i}, i included
//
// (van den Oord et al. 2018, arXiv 1807.03748; supervised: Khosla et al. 2020, arXiv 2004.11362, but i counts as a
// positive of itself because the two views of a pair differ.) d_query and d_key are dL/dx and dL/dy. They do not
// include the gradient of a normalisation.
//
// Memory: a B x B matrix is never stored. A block of query rows is compared with every key, so its denominators are
// final before its gradient products: 6 B^2 D operations, or 8 B^2 D in the symmetric modes. At B = 32,768 and D = 768
// the operation needs at most 64 MiB in addition to its arguments, including the memory of oneDNN. At other sizes it
// needs the same plus up to 40 bytes per row and the smallest block.
//
// Numerics: The row maximum is subtracted before every exponential. The coefficient of a positive is
// -(sum of the others) / (sum of all), not p - 1, so that it keeps its relative precision when p is close to 1. It is
// applied in double precision, separately from the products. The loss is summed in double precision.
//   kF32   The error of a logit is that of a float32 dot product times logit_scale. The error of the gradients,
//          relative to the largest entry, is at most 1e-5 up to logit_scale 50 and 2e-5 up to 100.
//   kBf16  The inputs are rounded to bfloat16 (nearest even); loss and gradients refer to the rounded inputs.
//          Products have bf16 operands and accumulate in float32. Coefficients of negatives are also rounded to bf16:
//          stochastically, so that equal coefficients do not all have the same error. The rounding error of every
//          coefficient above 1/64 of its row's sum is added back in float32. The error of the gradients is at most 1e-3
//          of the largest entry (or of the largest term, if terms cancel). In supervised mode no coefficient dominates
//          its row, so bf16 alone would exceed that error. In that mode, and on a CPU without bf16 units, the products
//          run in float32 on the rounded inputs.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "core/compiler.h"
#include "core/control.h"
#include "core/names.h"
#include "core/status.h"
#include "ops/matmul.h"  // Precision

namespace univar {

enum class InfoNceMode { kOneWay, kSymmetric, kMasked, kMaskedSymmetric, kSupervised };

template <>
struct Names<InfoNceMode> {
  static constexpr Named<InfoNceMode> kAll[] = {{InfoNceMode::kOneWay, "one-way"},
                                                {InfoNceMode::kSymmetric, "symmetric"},
                                                {InfoNceMode::kMasked, "masked"},
                                                {InfoNceMode::kMaskedSymmetric, "masked-symmetric"},
                                                {InfoNceMode::kSupervised, "supervised"}};
};

// Properties of a mode. The rest of the code depends on these, not on the mode itself.
struct InfoNceTraits {
  bool symmetric;           // the mean of both directions
  bool uses_labels;         // rows with the label of row i are not negatives of row i
  bool averages_positives;  // these rows are positives of row i
};

constexpr InfoNceTraits TraitsOf(InfoNceMode mode) {
  switch (mode) {
    case InfoNceMode::kOneWay: return {.symmetric = false, .uses_labels = false, .averages_positives = false};
    case InfoNceMode::kSymmetric: return {.symmetric = true, .uses_labels = false, .averages_positives = false};
    case InfoNceMode::kMasked: return {.symmetric = false, .uses_labels = true, .averages_positives = false};
    case InfoNceMode::kMaskedSymmetric: return {.symmetric = true, .uses_labels = true, .averages_positives = false};
    case InfoNceMode::kSupervised: return {.symmetric = false, .uses_labels = true, .averages_positives = true};
  }
  UNIVAR_UNREACHABLE();
}

// Returns log((negatives + positive) / positive), where positive = exp(gap), with full relative precision for small
// results.
UNIVAR_HD double SinglePositiveLoss(double negatives, double positive, double gap) {
  return gap > -700.0 ? log1p(negatives / positive) : log(negatives + positive) - gap;
}

struct InfoNceArgs {
  const float* query = nullptr;
  const float* key = nullptr;
  const int32_t* labels = nullptr;  // [rows]; read if the mode uses labels
  float* d_query = nullptr;         // overwritten
  float* d_key = nullptr;           // overwritten
  size_t rows = 0, dim = 0;         // both at least 1
  double logit_scale = 1.0;         // finite, positive
  InfoNceMode mode = InfoNceMode::kOneWay;
  Precision precision = Precision::kF32;  // not kInt8
  size_t block_rows = 0;                  // query rows per block; 0: automatic. It changes the result only by rounding.
  bool backend_memory = false;  // rows and gradients are in the backend's memory (core/memory.h), not in host memory
  double* device_seconds = nullptr;  // if given, receives the seconds between a device's copies from and to the host
};

// Returns kNonFinite, with undefined outputs, if a row or its result is not finite.
using InfoNceFn = Status (*)(const InfoNceArgs& args, double* loss, const Control& control);

}  // namespace univar
