// Exact top-k as bodies (block.h). The exact score is the one of ops/topk.h, bit for bit: its 32 partial sums are the 32 lanes
// of a warp.
//
// THE BOUND of the bf16 scan. With v = b / ||b||, u = q / ||q|| (0 for a zero row), v', u' their roundings to bf16 and r, p the
// lengths of v - v', u - u' as measured, the tensor cores give a = <u', v'> up to
//   gamma (1 + p) (1 + r),  gamma = (n + 64) 2^-22
// for products that are exact and sums that may truncate: 16 products and the sum so far are aligned to the largest and cut
// at 2^-23 of it or better, 17 errors for 16 products, each at most 2^-23 sum |u'_t v'_t|; the rest is margin. As in
// ops/topk.h, |<u, v> - <u', v'>| <= r + p (1 + r). Multiplied by the lengths in double precision this bounds the key from
// above; (n + 64) 2^-50 times the product (l2: the square of the sum) of the lengths covers every double rounding on the
// way. A row whose bound is below the k-th best exact key so far is out; all others get their exact key at once.
#pragma once

#include "cuda/numbers.h"
#include "ops/topk.h"

namespace univar::cuda {

inline constexpr int kLanes = 32;          // partial sums of an exact score
inline constexpr int kSelectThreads = 256;

struct RankedRow {
  double key;
  int32_t row;
};
UNIVAR_HD bool RanksBefore(const RankedRow& a, const RankedRow& b) {
  return a.key > b.key || (a.key == b.key && a.row < b.row);
}
UNIVAR_HD RankedRow NoRow() { return {-static_cast<double>(INFINITY), INT32_MAX}; }

// One lane's partial sum.
UNIVAR_HD double PartialScore(TopkMetric metric, const float* q, const float* b, size_t dim, int lane) {
  double sum = 0.0;
  for (size_t d = lane; d < dim; d += kLanes) {
    const double x = q[d], y = b[d];
    sum += metric == TopkMetric::kL2 ? RoundedProduct(x - y, x - y) : RoundedProduct(x, y);
  }
  return sum;
}

// From the joined sum to the key that rows are ranked by.
UNIVAR_HD double KeyOf(TopkMetric metric, double sum, double query_norm, double base_norm) {
  if (metric == TopkMetric::kL2) return -sum;
  if (metric == TopkMetric::kIp) return sum;
  return query_norm == 0.0 || base_norm == 0.0 ? 0.0 : sum / RoundedProduct(query_norm, base_norm);
}

UNIVAR_HD double UpperBound(TopkMetric metric, float dot, size_t dim, double query_norm, float query_residual,
                            double base_norm, float base_residual) {
  const double p = query_residual, r = base_residual, n = static_cast<double>(dim) + 64.0;
  const double cosine = dot + r + p * (1.0 + r) + n * 2.384185791015625e-7 * (1.0 + p) * (1.0 + r);  // 2^-22
  const double rounding = n * 8.881784197001252e-16;                                               // 2^-50
  const double lengths = query_norm * base_norm;
  if (metric == TopkMetric::kCosine) return lengths == 0.0 ? 0.0 : cosine + rounding;
  if (metric == TopkMetric::kIp) return lengths * (cosine + rounding);
  const double sum = query_norm + base_norm;
  return 2.0 * lengths * cosine - query_norm * query_norm - base_norm * base_norm + rounding * sum * sum;
}

// Length, direction in bf16 and its residual of every row. One block per row.
struct MeasureRows {
  static constexpr int kThreads = 128;
  const float* rows;
  size_t dim, stride;
  double* norms;
  Bf16* codes;       // or null
  float* residuals;
  int* first_bad;
  static size_t shared_bytes() { return SharedBytes<double>(kThreads); }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    const size_t row = block.index();
    const float* x = rows + row * dim;
    double* sums = block.template Shared<double>(kThreads);
    block.Each([&](int t) {
      if (t < kLanes) sums[t] = PartialScore(TopkMetric::kIp, x, x, dim, t);
    });
    JoinByHalves(block, sums, kLanes, [](double* to, double from) { *to += from; });
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
    JoinByHalves(block, sums, kThreads, [](double* to, double from) { *to += from; });
    block.Each([&](int t) {
      if (t == 0) residuals[row] = RoundedUp(sqrt(sums[0]) * (1.0 + 1e-6));
    });
  }
};

// What a scan of base rows [first, first + columns) left of them for `queries` queries: exact keys, or bf16 products.
struct Scan {
  TopkMetric metric;
  const float* query_rows;
  const double* query_norms;
  const float* query_residuals;
  const float* base_rows;
  const double* base_norms;
  const float* base_residuals;
  size_t queries, dim, first, columns, stride;
  double* keys;  // or null:
  float* dots;
};

// Exact keys of a segment, by double-precision FMA. One block per tile of queries and rows.
struct ExactKeys {
  static constexpr int kThreads = 256, kEach = 4;                      // a warp takes kEach queries and kEach rows
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
          for (int j = 0; j < kEach; ++j) {
            mine[i][j] += scan.metric == TopkMetric::kL2 ? RoundedProduct(x[i] - y[j], x[i] - y[j])
                                                         : RoundedProduct(x[i], y[j]);
          }
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
            KeyOf(scan.metric, sums[pair * kLanes], scan.query_norms[q], scan.base_norms[scan.first + c]);
      }
    });
  }
};

UNIVAR_HD size_t NextPowerOfTwo(size_t n) {
  size_t power = 1;
  while (power < n) power *= 2;
  return power;
}

// The best rows of a query so far. entries[0, k) are sorted, best first; the rest up to `size`, a power of two, has room
// for rows that arrived since.
struct BestList {
  static constexpr size_t kRoom = 1024;
  static constexpr size_t kSharedEntries = 2048;  // lists up to this are sorted in shared memory
  static_assert(kRoom >= kSelectThreads);
  RankedRow* entries;
  size_t k, size;
  UNIVAR_HD static size_t SizeFor(size_t k) { return NextPowerOfTwo(k + kRoom); }
};

// Sorts `size` entries, best first: Batcher's bitonic network.
template <class B>
UNIVAR_BODY void SortBestFirst(B& block, RankedRow* entries, size_t size) {
  for (size_t run = 2; run <= size; run *= 2) {
    for (size_t step = run / 2; step > 0; step /= 2) {
      block.Each([&](int t) {
        for (size_t e = t; e < size / 2; e += block.threads()) {
          const size_t i = e / step * 2 * step + e % step, j = i + step;  // j differs from i in the bit `step`
          const bool forward = (i & run) == 0;
          const RankedRow a = entries[i], b = entries[j];
          if (forward ? RanksBefore(b, a) : RanksBefore(a, b)) {
            entries[i] = b;
            entries[j] = a;
          }
        }
      });
    }
  }
}

// Sorts `pending` new entries into the list; `sorter` is shared memory of kSharedEntries.
template <class B>
UNIVAR_BODY void TakeIn(B& block, const BestList& list, size_t pending, RankedRow* sorter) {
  const bool fits = list.size <= BestList::kSharedEntries;
  RankedRow* entries = fits ? sorter : list.entries;
  block.Each([&](int t) {
    for (size_t e = t; e < list.size; e += block.threads()) {
      if (e >= list.k + pending) {
        entries[e] = NoRow();
      } else if (fits) {
        entries[e] = list.entries[e];
      }
    }
  });
  SortBestFirst(block, entries, list.size);
  if (!fits) return;
  block.Each([&](int t) {
    for (size_t e = t; e < list.k; e += block.threads()) list.entries[e] = sorter[e];
  });
}

// Empty lists. One block per list.
struct ClearLists {
  static constexpr int kThreads = kSelectThreads;
  RankedRow* entries;
  size_t k, size;
  static size_t shared_bytes() { return 0; }
  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    block.Each([&](int t) {
      for (size_t e = t; e < k; e += kThreads) entries[block.index() * size + e] = NoRow();
    });
  }
};

// Takes the rows of a scanned segment into the lists. One block per query and split; a split takes a part of each segment.
struct Select {
  static constexpr int kThreads = kSelectThreads;
  static constexpr int kAtOnce = kThreads / kLanes;  // exact scores
  Scan scan;
  RankedRow* entries;  // [queries, splits, size]
  size_t k, size, splits;
  static size_t shared_bytes() {
    return SharedBytes<RankedRow>(BestList::kSharedEntries) + SharedBytes<double>(kThreads) +
           SharedBytes<int32_t>(kThreads) + SharedBytes<int>(2);
  }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    RankedRow* sorter = block.template Shared<RankedRow>(BestList::kSharedEntries);
    double* sums = block.template Shared<double>(kThreads);
    int32_t* queue = block.template Shared<int32_t>(kThreads);
    int* counts = block.template Shared<int>(2);
    int* pending = &counts[0];  // in the list
    int* queued = &counts[1];   // rows that need their exact key

    const size_t q = block.index() / splits, split = block.index() % splits;
    const size_t part = CeilDivide(scan.columns, splits);
    const size_t begin = Min(split * part, scan.columns), end = Min(begin + part, scan.columns);
    const BestList list{entries + block.index() * size, k, size};
    const size_t room = size - k;
    const double query_norm = scan.query_norms[q];
    RankedRow worst = list.entries[k - 1];

    block.Each([&](int t) {
      if (t < 2) counts[t] = 0;
    });
    for (size_t from = begin; from < end; from += kThreads) {
      block.Each([&](int t) {
        const size_t c = from + t;
        if (c >= end) return;
        const int32_t row = static_cast<int32_t>(scan.first + c);
        if (scan.keys != nullptr) {
          const RankedRow candidate{scan.keys[q * scan.stride + c], row};
          if (RanksBefore(candidate, worst)) list.entries[k + block.AtomicAdd(pending, 1)] = candidate;
        } else {
          const double upper = UpperBound(scan.metric, scan.dots[q * scan.stride + c], scan.dim, query_norm,
                                          scan.query_residuals[q], scan.base_norms[row], scan.base_residuals[row]);
          if (upper >= worst.key) queue[block.AtomicAdd(queued, 1)] = row;
        }
      });
      const int waiting = block.Read(queued);
      for (int n = 0; n < waiting; n += kAtOnce) {
        block.Each([&](int t) {
          const int at = n + t / kLanes;
          if (at >= waiting) return;
          sums[t] = PartialScore(scan.metric, scan.query_rows + q * scan.dim,
                                 scan.base_rows + static_cast<size_t>(queue[at]) * scan.dim, scan.dim, t % kLanes);
        });
        for (int half = kLanes / 2; half > 0; half /= 2) {
          block.Each([&](int t) {
            if (n + t / kLanes < waiting && t % kLanes < half) sums[t] += sums[t + half];
          });
        }
        block.Each([&](int t) {
          const int at = n + t / kLanes;
          if (t % kLanes != 0 || at >= waiting) return;
          const int32_t row = queue[at];
          const RankedRow candidate{KeyOf(scan.metric, sums[t], query_norm, scan.base_norms[row]), row};
          if (RanksBefore(candidate, worst)) list.entries[k + block.AtomicAdd(pending, 1)] = candidate;
        });
      }
      const int arrived = block.Read(pending);
      const bool last = from + kThreads >= end;
      if (arrived > 0 && (last || static_cast<size_t>(arrived) + kThreads > room)) {
        TakeIn(block, list, static_cast<size_t>(arrived), sorter);
        worst = list.entries[k - 1];
        block.Each([&](int t) {
          if (t == 0) *pending = 0;
        });
      }
      block.Each([&](int t) {
        if (t == 0) *queued = 0;
      });
    }
  }
};

// Joins the splits of each query into the first and writes the result. One block per query.
struct JoinSplits {
  static constexpr int kThreads = kSelectThreads;
  TopkMetric metric;
  RankedRow* entries;
  size_t k, size, splits;
  int32_t* indices;
  float* scores;
  static size_t shared_bytes() { return SharedBytes<RankedRow>(BestList::kSharedEntries); }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    RankedRow* sorter = block.template Shared<RankedRow>(BestList::kSharedEntries);
    const size_t q = block.index(), room = size - k;
    const BestList list{entries + q * splits * size, k, size};
    for (size_t s = 1; s < splits; ++s) {
      const RankedRow* other = list.entries + s * size;
      for (size_t from = 0; from < k; from += room) {
        const size_t count = Min(room, k - from);
        block.Each([&](int t) {
          for (size_t e = t; e < count; e += kThreads) list.entries[k + e] = other[from + e];
        });
        TakeIn(block, list, count, sorter);
      }
    }
    block.Each([&](int t) {
      for (size_t e = t; e < k; e += kThreads) {
        const RankedRow& best = list.entries[e];
        indices[q * k + e] = best.row;
        scores[q * k + e] = static_cast<float>(metric == TopkMetric::kL2 ? -best.key : best.key);
      }
    });
  }
};

}  // namespace univar::cuda
