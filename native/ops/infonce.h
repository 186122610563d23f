// InfoNCE loss over a batch of paired rows, with the gradients of both sides.
//
//   query, key, d_query, d_key: [rows, dim] float32, row-major; pair i is query row x_i and key row y_i
//   z_ij = logit_scale x_i . y_j,   B = rows,   L = (1 / B) sum_i L_i
//
//   one-way     L_i = LSE_j z_ij - z_ii
//   symmetric   L_i = ((LSE_j z_ij - z_ii) + (LSE_j z_ji - z_ii)) / 2
//   masked      as one-way, but rows j != i with label_j = label_i leave the denominator of row i
//   supervised  L_i = LSE_j z_ij - (1 / |Pos_i|) sum_{p in Pos_i} z_ip,   Pos_i = {p : label_p = label_i}, i included
//
// (van den Oord et al. 2018, arXiv 1807.03748; supervised: Khosla et al. 2020, arXiv 2004.11362, with i itself a
// positive because the two views of a pair differ.) d_query and d_key are dL/dx and dL/dy, through no normalisation.
//
// Memory: never B x B. A block of query rows sees every key, so its denominators are final before its gradient
// products: 6 B^2 D operations, symmetric 8 B^2 D. Besides its arguments it takes at most 64 MiB at B = 32,768 and
// D = 768, what oneDNN keeps included, and at other sizes the same plus up to 40 bytes per row and the smallest block.
//
// Numerics. The row maximum is subtracted before every exponential. The coefficient of a positive is
// -(sum of the others) / (sum of all), not p - 1, so that it keeps its relative precision when p is close to 1; it is
// applied in double precision outside of the products. The loss is summed in double precision.
//   kF32   the error of a logit is that of a float32 dot product times logit_scale; relative to the largest entry,
//          gradients are within 1e-5 up to logit_scale 50 and 2e-5 up to 100.
//   kBf16  the inputs are rounded to bfloat16 (nearest even) and everything is with respect to the rounded inputs.
//          Products take bf16 operands and accumulate in float32. Coefficients of negatives are rounded to bf16 too:
//          stochastically, so that equal coefficients do not err together, and with the rounding error of every
//          coefficient above 1/64 of its row's sum put back in float32. Gradients are within 1e-3 of the largest
//          entry (of the largest term, where terms cancel). In supervised mode no coefficient dominates its row and
//          bf16 alone would exceed that, so there, and on a CPU without bf16 units, the products run in float32 on the
//          rounded inputs.
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

enum class InfoNceMode { kOneWay, kSymmetric, kMasked, kSupervised };

template <>
struct Names<InfoNceMode> {
  static constexpr Named<InfoNceMode> kAll[] = {{InfoNceMode::kOneWay, "one-way"},
                                                {InfoNceMode::kSymmetric, "symmetric"},
                                                {InfoNceMode::kMasked, "masked"},
                                                {InfoNceMode::kSupervised, "supervised"}};
};

// A mode is its traits: the rest of the code asks for these.
struct InfoNceTraits {
  bool symmetric;           // the mean of both directions
  bool uses_labels;         // rows with the label of row i are no negatives of it
  bool averages_positives;  // they are its positives
};

constexpr InfoNceTraits TraitsOf(InfoNceMode mode) {
  switch (mode) {
    case InfoNceMode::kOneWay: return {.symmetric = false, .uses_labels = false, .averages_positives = false};
    case InfoNceMode::kSymmetric: return {.symmetric = true, .uses_labels = false, .averages_positives = false};
    case InfoNceMode::kMasked: return {.symmetric = false, .uses_labels = true, .averages_positives = false};
    case InfoNceMode::kSupervised: return {.symmetric = false, .uses_labels = true, .averages_positives = true};
  }
  UNIVAR_UNREACHABLE();
}

// log((negatives + positive) / positive), keeping its relative precision when it is small; positive = exp(gap).
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
  size_t block_rows = 0;        // query rows per block; 0 chooses. The result does not depend on it beyond rounding.
  bool backend_memory = false;  // rows and gradients lie in the backend's memory (core/memory.h), not in the host's
  double* device_seconds = nullptr;  // if given, a device writes the seconds between its copies from and to the host
};

// A row that is not finite, or whose result is not, gives kNonFinite and leaves the outputs undefined.
using InfoNceFn = Status (*)(const InfoNceArgs& args, double* loss, const Control& control);

}  // namespace univar
