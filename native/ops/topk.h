// Exact k best rows of a base for every query, by one of the metrics of ops/metric.h; s_ij is the score of q_i and b_j.
//
// queries: [rows, dim], base: [rows, dim], both float32 and finite. Results are indices and scores, [queries, k], best
// first; equal scores are ordered by index. Rows are ranked by the double defined below, and the returned score is that
// double rounded to float32 (infinite beyond its range).
//
// THE EXACT SCORE is a double computed in one fixed order: 32 partial sums, where sum j adds the entries j, j + 32,
// j + 64, ... in ascending order. The sums are then added pairwise (j with j + 16, with j + 8, ... with j + 1). A
// product of two float32 is exact in double, so fused and separate multiply-adds agree; (q - b)^2 is rounded before it
// is added. A norm is the square root of the row's sum with itself, and cosine divides by the product of the norms. The
// result therefore does not depend on the instruction set, storage, tiles or thread count, and no intermediate value
// overflows or underflows.
//
// SCAN AND RE-RANK. Only candidates get an exact score. The base is stored for the scan at `storage` precision.
// Products in float32, bfloat16 or integers compare it with all queries and give an approximate key and a bound e of
// its error. If L is a lower bound of the k-th largest key seen so far, a row with approximation + e < L is not among
// the k best, because k rows are strictly better. All other rows are kept and re-ranked from the float32 rows. It
// remains to prove the bound.
//
// 1. Scaling. Let v = b_j / ||b_j|| and u = q_i / ||q_i|| (0 for a zero row), w = ||b_j|| / B with B the power of two
//    just above the length of the longest row (ip, l2), or w = 1 (cosine), so w <= 1. All terms are then at most about
//    1 in magnitude, for inputs of any range (rows of extreme length are first multiplied by a power of two).
//    With s = ||q_i|| / B and m = max(1, s), ranking by s_ij is the same as ranking by the key
//      ip, cosine:  g = w <u, v>
//      l2:          g = (s/m) w <u, v> - (1/m) w^2 / 2  =  (||q_i||^2 - s_ij) / (2 B^2 m)
// 2. Rounding to storage. Let v', u' be the vectors that the codes represent, and r >= ||v - v'|| and p >= ||u - u'||
//    the residuals, which are measured row by row during encoding (so they include denormals and clipping). By
//    Cauchy-Schwarz
//      |<u, v> - <u', v'>| = |<u, v - v'> + <u - u', v'>| <= ||u|| r + p ||v'|| <= r + p (1 + r).
// 3. Summation. A sum of n products in float32, in any order, fused or not, has an error of at most
//      gamma_n sum |u'_t v'_t| <= gamma_n ||u'|| ||v'|| <= gamma_n (1 + p) (1 + r),
//    where gamma_n = n eps / (1 - n eps) and eps = 2^-24. Integer products are exact. Three errors are together smaller
//    than the difference between gamma_n and gamma_{n+64}: that of the few float32 operations after the sum, the
//    double-precision error of the exact score (n 2^-53 relative to the same product of norms), and the n 2^-126 that a
//    unit can lose by flushing denormals.
// 4. Together: |g - approximation| <= R + P N with R = w r, N = w (1 + r), P = p + gamma_{n+64} (1 + p), plus 2^-120
//    for results in the denormal range. Rows with w < 2^-100 are scanned as zero rows with R = w. l2 multiplies the
//    bound by s/m and adds two errors. The first, of rounding w^2 / (2 m), is at most 2^-21 times that term. The
//    second, of the exact distance, is at most (n + 8) 2^-52 (s^2 + w^2) / m. Its s^2 part is a constant of the query
//    (its slack), and its w^2 part is covered by the 2^-21.
// With n <= kMaxTopkDim every bound is finite. A bound that is too wide to separate rows gives more candidates, never a
// wrong result.
//
// Memory in addition to inputs and outputs: the codes (dim times 1, 2 or 2 bytes per row for int8, f16, bf16; none for
// f32 unless a row's length is outside 2^-60 .. 2^60), 16 bytes per row for the bounds (24 for cosine), and during a
// search at most about 24 MiB per thread, or 64 bytes times k if that is more. A matrix of all queries times all base
// rows is never stored.
#pragma once

#include <cstdint>
#include <memory>

#include "core/control.h"
#include "core/matrix.h"
#include "core/status.h"
#include "ops/metric.h"

namespace univar {

enum class TopkStorage { kF32, kF16, kBf16, kInt8 };

template <>
struct Names<TopkStorage> {
  static constexpr Named<TopkStorage> kAll[] = {{TopkStorage::kF32, "f32"},
                                                {TopkStorage::kF16, "f16"},
                                                {TopkStorage::kBf16, "bf16"},
                                                {TopkStorage::kInt8, "int8"}};
};

inline constexpr size_t kMaxTopkDim = size_t{1} << 20;

// A row and its exact key (ops/metric.h).
struct RankedRow {
  double key;
  int32_t row;
};

// Best first; equal keys by smaller index.
UNIVAR_HD bool RanksBefore(const RankedRow& a, const RankedRow& b) {
  return a.key > b.key || (a.key == b.key && a.row < b.row);
}

// A base prepared for scanning. It is immutable, so any number of searches can share it. It does not own the float32
// rows.
class TopkBase {
 public:
  virtual ~TopkBase() = default;
  virtual TopkStorage storage() const = 0;
  // Memory held, in bytes.
  virtual size_t bytes() const = 0;
};

// Returns the fastest storage for a base that will be searched with `queries` queries in total.
using TopkStorageFn = TopkStorage (*)(size_t dim, size_t queries);

using TopkPrepareFn = Status (*)(ConstMatrix base, Metric metric, TopkStorage storage,
                                 std::unique_ptr<TopkBase>* prepared, const Control& control);

struct TopkArgs {
  const TopkBase* prepared = nullptr;
  ConstMatrix base;  // the rows that `prepared` was made from
  ConstMatrix queries;
  size_t k = 0;  // 1 .. base.rows
  int32_t* indices = nullptr;
  float* scores = nullptr;
};

using TopkSearchFn = Status (*)(const TopkArgs& args, const Control& control);

}  // namespace univar
