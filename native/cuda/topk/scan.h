// The scan of top-k, as bodies (block.h). The exact score is that of ops/topk.h, bit for bit: its 32 partial sums are
// the 32 lanes of a warp.
//
// THE BOUND of the bf16 scan. Let v = b / ||b||, u = q / ||q|| (0 for a zero row), v' and u' their roundings to bf16,
// and r and p the measured lengths of v - v' and u - u'. The tensor cores compute a = <u', v'> with an error of at most
//   gamma (1 + p) (1 + r),  gamma = (n + 64) 2^-22
// because products are exact and sums can truncate: 16 products and the sum so far are aligned to the largest of them
// and truncated at 2^-23 of it or better. These are 17 errors for 16 products, each at most 2^-23 sum |u'_t v'_t|; the
// rest of gamma is margin. The order of products, sums in several parts (as in a library) and sums by FMA do not cause
// larger errors. As in ops/topk.h, |<u, v> - <u', v'>| <= r + p (1 + r). Multiplied by the lengths in double precision,
// this gives an upper bound of the key. (n + 64) 2^-50 times the product (l2: the square of the sum) of the lengths
// covers all double-precision rounding errors. A row whose bound is below the k-th best exact key so far is dropped.
#pragma once

#include "cuda/gemm/gemm.h"
#include "cuda/primitives/block_sums.h"
#include "ops/topk.h"

namespace univar::cuda {

inline constexpr int kLanes = 32;  // partial sums of an exact score

UNIVAR_HD RankedRow NoRow() { return {-static_cast<double>(INFINITY), INT32_MAX}; }

// Returns a term of an exact score's sum.
UNIVAR_HD double ExactTerm(const MetricTraits& metric, double x, double y) {
  return metric.sums_differences ? RoundedProduct(x - y, x - y) : RoundedProduct(x, y);
}

// Returns the partial sum of one lane.
UNIVAR_HD double PartialSum(const MetricTraits& metric, const float* q, const float* b, size_t dim, int lane) {
  double sum = 0.0;
  for (size_t d = lane; d < dim; d += kLanes) sum += ExactTerm(metric, q[d], b[d]);
  return sum;
}

UNIVAR_HD double UpperBound(const MetricTraits& metric, float dot, size_t dim, double query_norm, float query_residual,
                            double base_norm, float base_residual) {
  const double p = query_residual, r = base_residual, n = static_cast<double>(dim) + 64.0;
  const double cosine = dot + r + p * (1.0 + r) + n * 2.384185791015625e-7 * (1.0 + p) * (1.0 + r);  // 2^-22
  const double rounding = n * 8.881784197001252e-16;                                                 // 2^-50
  const double lengths = query_norm * base_norm;
  if (metric.divides_by_norms) return lengths == 0.0 ? 0.0 : cosine + rounding;
  if (!metric.sums_differences) return lengths * (cosine + rounding);
  const double sum = query_norm + base_norm;
  return 2.0 * lengths * cosine - query_norm * query_norm - base_norm * base_norm + rounding * sum * sum;
}

// Computes the length, the direction in bf16 and its residual for every row. One block per row.
struct MeasureRows {
  static constexpr int kThreads = 128;
  const float* rows;
  size_t dim, stride;
  double* norms;
  Bf16* codes;  // or null
  float* residuals;
  int* first_bad;
  static size_t shared_bytes() { return SharedBytes<double>(kThreads); }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    const size_t row = block.index();
    const float* x = rows + row * dim;
    double* sums = block.template Shared<double>(kThreads);
    block.Each([&](int t) {
      if (t < kLanes) sums[t] = PartialSum(TraitsOf(Metric::kIp), x, x, dim, t);
    });
    SumByHalves(block, sums, kLanes);
    const double norm = sqrt(block.Read(&sums[0]));
    block.Each([&](int t) {
      if (t == 0) norms[row] = norm;
      if (t == 0 && !IsFinite(norm)) block.AtomicMin(first_bad, static_cast<int>(row));
      if (codes == nullptr) return;
      double residual = 0.0;
      for (size_t d = t; d < stride; d += kThreads) {
        const double exact = d < dim && norm > 0.0 ? x[d] / norm : 0.0;
        const Bf16 code = ToBf16(static_cast<float>(exact));
        codes[row * stride + d] = code;
        const double rest = exact - FromBf16(code);
        residual += rest * rest;
      }
      sums[t] = residual;
    });
    if (codes == nullptr) return;
    SumByHalves(block, sums, kThreads);
    block.Each([&](int t) {
      if (t == 0) residuals[row] = RoundedUp(sqrt(sums[0]) * (1.0 + 1e-6));
    });
  }
};

// Result of the scan of base rows [first, first + columns) for `queries` queries: exact keys or bf16 products.
struct Scan {
  MetricTraits metric;
  const float* query_rows;
  const double* query_norms;
  const float* query_residuals;
  const float* base_rows;
  const double* base_norms;
  const float* base_residuals;
  size_t queries, dim, first, columns, stride;
  double* keys;  // null for bf16 products
  float* dots;
};

// Computes the exact keys of a segment by double-precision FMA. One block per tile of queries and rows.
struct ExactKeys {
  static constexpr int kThreads = 256, kEach = 4;                        // per warp: kEach queries, kEach rows
  static constexpr int kTileQueries = 2 * kEach, kTileRows = 4 * kEach;  // 2 x 4 warps
  static constexpr int kPairs = kTileQueries * kTileRows;
  Scan scan;
  static size_t shared_bytes() { return SharedBytes<double>(kPairs * kLanes); }
  size_t blocks() const { return CeilDivide(scan.queries, kTileQueries) * CeilDivide(scan.columns, kTileRows); }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    const size_t across = CeilDivide(scan.columns, kTileRows);
    const size_t query0 = block.index() / across * kTileQueries, column0 = block.index() % across * kTileRows;
    double* sums = block.template Shared<double>(kPairs * kLanes);
    block.Each([&](int t) {
      const int warp = t / kLanes, lane = t % kLanes;
      const size_t query = query0 + warp / 4 * kEach, column = column0 + warp % 4 * kEach;
      double mine[kEach][kEach] = {};
      for (size_t d = lane; d < scan.dim; d += kLanes) {
        double x[kEach], y[kEach];
        for (int i = 0; i < kEach; ++i) {
          const size_t q = query + i, c = column + i;
          x[i] = q < scan.queries ? scan.query_rows[q * scan.dim + d] : 0.0;
          y[i] = c < scan.columns ? scan.base_rows[(scan.first + c) * scan.dim + d] : 0.0;
        }
        for (int i = 0; i < kEach; ++i) {
          for (int j = 0; j < kEach; ++j) mine[i][j] += ExactTerm(scan.metric, x[i], y[j]);
        }
      }
      for (int i = 0; i < kEach; ++i)
        for (int j = 0; j < kEach; ++j) sums[((warp * kEach + i) * kEach + j) * kLanes + lane] = mine[i][j];
    });
    for (int half = kLanes / 2; half > 0; half /= 2) {
      block.Each([&](int t) {
        for (int e = t; e < kPairs * half; e += kThreads) {
          double* pair = sums + e / half * kLanes;
          pair[e % half] += pair[e % half + half];
        }
      });
    }
    block.Each([&](int t) {
      for (int pair = t; pair < kPairs; pair += kThreads) {
        const int warp = pair / (kEach * kEach), i = pair / kEach % kEach, j = pair % kEach;
        const size_t q = query0 + warp / 4 * kEach + i, c = column0 + warp % 4 * kEach + j;
        if (q >= scan.queries || c >= scan.columns) continue;
        scan.keys[q * scan.stride + c] =
            KeyOfSum(scan.metric, sums[pair * kLanes], scan.query_norms[q] * scan.base_norms[scan.first + c]);
      }
    });
  }
};

// Computes the bf16 products of a few queries, which would leave a tile of a matrix product almost empty. Each row is
// read once. One block per kRows rows.
struct FewDots {
  static constexpr int kThreads = 256, kQueries = 4, kEach = 4;  // a warp processes kEach rows
  static constexpr int kRows = kThreads / kLanes * kEach, kStride = kLanes + 1;
  const Bf16* queries;  // [count, width], count at most kQueries
  const Bf16* rows;     // [columns, width]
  float* dots;          // [count, stride]
  size_t count, columns, width, stride;
  static size_t shared_bytes() { return SharedBytes<float>(kRows * kQueries * kStride); }
  size_t blocks() const { return CeilDivide(columns, kRows); }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    float* sums = block.template Shared<float>(kRows * kQueries * kStride);
    const size_t first = block.index() * kRows;
    block.Each([&](int t) {
      const int lane = t % kLanes, row = t / kLanes * kEach;
      float mine[kEach][kQueries] = {};
      for (size_t d = lane * 8; d < width; d += kLanes * 8) {
        Piece x[kEach], y[kQueries] = {};
#pragma unroll
        for (int r = 0; r < kEach; ++r) {
          const size_t column = Min(first + row + r, columns - 1);  // rows past the end are not written
          x[r] = *reinterpret_cast<const Piece*>(rows + column * width + d);
        }
#pragma unroll
        for (int q = 0; q < kQueries; ++q)
          if (static_cast<size_t>(q) < count) y[q] = *reinterpret_cast<const Piece*>(queries + q * width + d);
#pragma unroll
        for (int q = 0; q < kQueries; ++q)
#pragma unroll
          for (int r = 0; r < kEach; ++r)
#pragma unroll
            for (int e = 0; e < 8; ++e)
              mine[r][q] = fmaf(FromBf16(x[r].values[e]), FromBf16(y[q].values[e]), mine[r][q]);
      }
#pragma unroll
      for (int r = 0; r < kEach; ++r)
#pragma unroll
        for (int q = 0; q < kQueries; ++q) sums[((row + r) * kQueries + q) * kStride + lane] = mine[r][q];
    });
    block.Each([&](int t) {
      if (t >= kRows * kQueries) return;
      const size_t column = first + t / kQueries, q = t % kQueries;
      if (column >= columns || q >= count) return;
      float sum = 0.0f;
      for (int lane = 0; lane < kLanes; ++lane) sum += sums[t * kStride + lane];
      dots[q * stride + column] = sum;
    });
  }
};

}  // namespace univar::cuda
