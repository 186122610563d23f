// Attention in double precision by the formulas of ops/attention.h: one full matrix per head and sequence.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

namespace univar {

struct AttentionSizes {
  std::vector<int32_t> offsets;
  size_t heads, dim;
  size_t tokens() const { return static_cast<size_t>(offsets.back()); }
  size_t model() const { return heads * dim; }
};

struct AttentionReference {
  std::vector<double> o, lse;
};

// Rows of one head of one sequence: entry d of row i is at(i)[d].
template <typename T>
struct HeadRows {
  T* first;
  size_t stride;
  T* at(size_t i) const { return first + i * stride; }
};

// Calls function(begin, length, head) for each sequence and head.
template <class Function>
void ForEachHead(const AttentionSizes& sizes, const Function& function) {
  for (size_t s = 0; s + 1 < sizes.offsets.size(); ++s) {
    const auto begin = static_cast<size_t>(sizes.offsets[s]), end = static_cast<size_t>(sizes.offsets[s + 1]);
    for (size_t head = 0; head < sizes.heads; ++head) function(begin, end - begin, head);
  }
}

// Returns part 0, 1 or 2: queries, keys or values.
template <typename T>
HeadRows<T> PartOfQkv(const AttentionSizes& sizes, T* qkv, size_t part, size_t begin, size_t head) {
  const size_t stride = 3 * sizes.model();
  return {qkv + begin * stride + part * sizes.model() + head * sizes.dim, stride};
}

template <typename T, typename U>
double DotProduct(const T* a, const U* b, size_t dim) {
  double sum = 0.0;
  for (size_t d = 0; d < dim; ++d) sum += static_cast<double>(a[d]) * static_cast<double>(b[d]);
  return sum;
}

template <typename T>
AttentionReference ReferenceAttention(const AttentionSizes& sizes, const std::vector<T>& qkv) {
  AttentionReference result{std::vector<double>(sizes.tokens() * sizes.model()),
                            std::vector<double>(sizes.tokens() * sizes.heads)};
  ForEachHead(sizes, [&](size_t begin, size_t length, size_t head) {
    const auto q = PartOfQkv(sizes, qkv.data(), 0, begin, head), k = PartOfQkv(sizes, qkv.data(), 1, begin, head),
               v = PartOfQkv(sizes, qkv.data(), 2, begin, head);
    std::vector<double> z(length);
    for (size_t i = 0; i < length; ++i) {
      double max = -INFINITY, sum = 0.0;
      for (size_t j = 0; j < length; ++j) {
        z[j] = DotProduct(q.at(i), k.at(j), sizes.dim) / std::sqrt(static_cast<double>(sizes.dim));
        max = std::fmax(max, z[j]);
      }
      for (const double value : z) sum += std::exp(value - max);
      const double lse = max + std::log(sum);
      result.lse[(begin + i) * sizes.heads + head] = lse;
      double* o = result.o.data() + (begin + i) * sizes.model() + head * sizes.dim;
      for (size_t j = 0; j < length; ++j) {
        const double p = std::exp(z[j] - lse);
        for (size_t d = 0; d < sizes.dim; ++d) o[d] += p * v.at(j)[d];
      }
    }
  });
  return result;
}

// `o` is the input of the backward pass, which can be rounded. lse is recomputed.
template <typename T>
std::vector<double> ReferenceGradients(const AttentionSizes& sizes, const std::vector<T>& qkv,
                                       const std::vector<double>& o, const std::vector<T>& d_o) {
  std::vector<double> gradients(qkv.size());
  const std::vector<double> lse = ReferenceAttention(sizes, qkv).lse;
  const double factor = 1.0 / std::sqrt(static_cast<double>(sizes.dim));
  ForEachHead(sizes, [&](size_t begin, size_t length, size_t head) {
    const auto q = PartOfQkv(sizes, qkv.data(), 0, begin, head), k = PartOfQkv(sizes, qkv.data(), 1, begin, head),
               v = PartOfQkv(sizes, qkv.data(), 2, begin, head);
    const auto dq = PartOfQkv(sizes, gradients.data(), 0, begin, head),
               dk = PartOfQkv(sizes, gradients.data(), 1, begin, head),
               dv = PartOfQkv(sizes, gradients.data(), 2, begin, head);
    for (size_t i = 0; i < length; ++i) {
      const size_t row = (begin + i) * sizes.model() + head * sizes.dim;
      const double dot = DotProduct(d_o.data() + row, o.data() + row, sizes.dim);
      for (size_t j = 0; j < length; ++j) {
        const double p =
            std::exp(factor * DotProduct(q.at(i), k.at(j), sizes.dim) - lse[(begin + i) * sizes.heads + head]);
        const double dz = p * (DotProduct(d_o.data() + row, v.at(j), sizes.dim) - dot);
        for (size_t d = 0; d < sizes.dim; ++d) {
          dq.at(i)[d] += factor * dz * k.at(j)[d];
          dk.at(j)[d] += factor * dz * q.at(i)[d];
          dv.at(j)[d] += p * d_o[row + d];
        }
      }
    }
  });
  return gradients;
}

}  // namespace univar
