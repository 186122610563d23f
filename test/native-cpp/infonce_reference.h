// InfoNCE by its definition (ops/infonce.h), in double precision.
#pragma once

#include <cmath>
#include <vector>

#include "ops/infonce.h"

namespace univar {

struct InfoNceReference {
  double loss = 0.0;
  std::vector<double> d_query, d_key;
};

inline InfoNceReference ReferenceInfoNce(const std::vector<float>& query, const std::vector<float>& key,
                                         const std::vector<int32_t>& labels, size_t rows, size_t dim, double scale,
                                         InfoNceMode mode) {
  std::vector<double> z(rows * rows), g(rows * rows, 0.0);  // logits, dL/dlogits
  for (size_t i = 0; i < rows; ++i)
    for (size_t j = 0; j < rows; ++j) {
      double dot = 0.0;
      for (size_t d = 0; d < dim; ++d) dot += static_cast<double>(query[i * dim + d]) * key[j * dim + d];
      z[i * rows + j] = scale * dot;
    }
  InfoNceReference result;
  const bool symmetric = mode == InfoNceMode::kSymmetric || mode == InfoNceMode::kMaskedSymmetric;
  const bool masked = mode == InfoNceMode::kMasked || mode == InfoNceMode::kMaskedSymmetric;
  const double share = (symmetric ? 0.5 : 1.0) / static_cast<double>(rows);
  // The denominator of row i sums the entries at(i, j) that are kept. `positive` selects its positives.
  const auto side = [&](bool transposed) {
    const auto at = [&](size_t i, size_t j) { return transposed ? j * rows + i : i * rows + j; };
    for (size_t i = 0; i < rows; ++i) {
      const auto same = [&](size_t j) { return labels[j] == labels[i]; };
      const auto stays = [&](size_t j) { return !masked || j == i || !same(j); };
      const auto positive = [&](size_t j) { return mode == InfoNceMode::kSupervised ? same(j) : j == i; };
      double max = -INFINITY, count = 0.0;
      for (size_t j = 0; j < rows; ++j) {
        if (stays(j)) max = std::fmax(max, z[at(i, j)]);
        if (positive(j)) ++count;
      }
      double sum = 0.0, others = 0.0, mean = 0.0;
      for (size_t j = 0; j < rows; ++j) {
        if (stays(j)) sum += std::exp(z[at(i, j)] - max);
        if (stays(j) && !positive(j)) others += std::exp(z[at(i, j)] - max);
        if (positive(j)) mean += z[at(i, j)] / count;
      }
      const double own = std::exp(mean - max);
      result.loss += share * (count == 1.0 && own > 0.0 ? std::log1p(others / own) : std::log(sum) + max - mean);
      for (size_t j = 0; j < rows; ++j) {
        if (!stays(j)) continue;
        const double p = std::exp(z[at(i, j)] - max) / sum;
        const double d = positive(j) ? (count == 1.0 ? -others / sum : p - 1.0 / count) : p;
        g[at(i, j)] += share * scale * d;
      }
    }
  };
  side(false);
  if (symmetric) side(true);
  result.d_query.assign(rows * dim, 0.0);
  result.d_key.assign(rows * dim, 0.0);
  for (size_t i = 0; i < rows; ++i)
    for (size_t j = 0; j < rows; ++j)
      for (size_t d = 0; d < dim; ++d) {
        result.d_query[i * dim + d] += g[i * rows + j] * key[j * dim + d];
        result.d_key[j * dim + d] += g[i * rows + j] * query[i * dim + d];
      }
  return result;
}

}  // namespace univar
