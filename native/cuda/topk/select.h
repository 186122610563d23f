// The selection of top-k from the result of a scan (scan.h), as bodies. Each segment gives candidates for every query,
// the candidates get their exact keys, and one block per query merges them into its list of the best rows.
#pragma once

#include "cuda/topk/scan.h"

namespace univar::cuda {

inline constexpr int kSelectThreads = 256;

UNIVAR_HD size_t NextPowerOfTwo(size_t n) {
  size_t power = 1;
  while (power < n) power *= 2;
  return power;
}

// The best rows of a query so far. entries[0, k) are sorted, best first. The rest up to `size`, a power of two, is
// space for new rows.
struct BestList {
  static constexpr size_t kRoom = 1024;
  static constexpr size_t kSharedEntries = 2048;  // lists up to this size are sorted in shared memory
  static_assert(kRoom >= kSelectThreads);
  RankedRow* entries;
  size_t k, size;
  UNIVAR_HD static size_t SizeFor(size_t k) { return NextPowerOfTwo(k + kRoom); }
};

// Sorts `size` entries, best first, with Batcher's bitonic network.
template <class B>
UNIVAR_BODY void SortBestFirst(B& block, RankedRow* entries, size_t size) {
  for (size_t run = 2; run <= size; run *= 2) {
    for (size_t step = run / 2; step > 0; step /= 2) {
      block.Each([&](int t) {
        for (size_t e = t; e < size / 2; e += block.threads()) {
          const size_t i = e / step * 2 * step + e % step, j = i + step;  // j differs from i in bit `step`
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

// Sorts `pending` new entries into the list. `sorter` is shared memory for kSharedEntries entries.
template <class B>
UNIVAR_BODY void MergePending(B& block, const BestList& list, size_t pending, RankedRow* sorter) {
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

// Initialises empty lists. One block per list.
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

// Rows that can be among the best of their query, in any order, and their number. If there are more than `room`, some
// are lost, and KeepBest reports it.
struct Candidates {
  RankedRow* rows;  // [queries, room]
  int* counts;      // [queries]
  size_t room;
  UNIVAR_HD size_t Count(size_t query) const { return Min(static_cast<size_t>(counts[query]), room); }
};

// Collects the candidates of a segment. One block per query and part of the segment.
struct Collect {
  static constexpr int kThreads = kSelectThreads;
  Scan scan;
  const RankedRow* entries;  // [queries, size]
  size_t k, size, parts;
  Candidates candidates;
  static size_t shared_bytes() { return 0; }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    const size_t q = block.index() / parts, part = CeilDivide(scan.columns, parts);
    const size_t begin = block.index() % parts * part, end = Min(begin + part, scan.columns);
    const RankedRow worst = entries[q * size + k - 1];
    block.Each([&](int t) {
      for (size_t c = begin + t; c < end; c += kThreads) {
        const size_t at = q * scan.stride + c, row = scan.first + c;
        RankedRow candidate{0.0, static_cast<int32_t>(row)};
        if (scan.keys != nullptr) {
          candidate.key = scan.keys[at];
          if (!RanksBefore(candidate, worst)) continue;
        } else if (UpperBound(scan.metric, scan.dots[at], scan.dim, scan.query_norms[q], scan.query_residuals[q],
                              scan.base_norms[row], scan.base_residuals[row]) < worst.key) {
          continue;
        }
        const auto place = static_cast<size_t>(block.AtomicAdd(&candidates.counts[q], 1));
        if (place < candidates.room) candidates.rows[q * candidates.room + place] = candidate;
      }
    });
  }
};

// Computes the exact keys of the candidates of a bf16 scan. One block per query and share of its candidates.
struct ScoreCandidates {
  static constexpr int kThreads = kSelectThreads;
  static constexpr int kAtOnce = kThreads / kLanes;
  Scan scan;
  Candidates candidates;
  size_t shares;
  static size_t shared_bytes() { return SharedBytes<double>(kThreads); }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    double* sums = block.template Shared<double>(kThreads);
    const size_t q = block.index() / shares, count = candidates.Count(q);
    RankedRow* rows = candidates.rows + q * candidates.room;
    for (size_t from = block.index() % shares * kAtOnce; from < count; from += shares * kAtOnce) {
      block.Each([&](int t) {
        const size_t at = from + t / kLanes;
        if (at >= count) return;
        const float* row = scan.base_rows + static_cast<size_t>(rows[at].row) * scan.dim;
        sums[t] = PartialSum(scan.metric, scan.query_rows + q * scan.dim, row, scan.dim, t % kLanes);
      });
      for (int half = kLanes / 2; half > 0; half /= 2) {
        block.Each([&](int t) {
          if (from + t / kLanes < count && t % kLanes < half) sums[t] += sums[t + half];
        });
      }
      block.Each([&](int t) {
        const size_t at = from + t / kLanes;
        if (t % kLanes != 0 || at >= count) return;
        rows[at].key = KeyOfSum(scan.metric, sums[t], scan.query_norms[q] * scan.base_norms[rows[at].row]);
      });
    }
  }
};

// Merges the candidates into the lists and clears them. One block per query.
struct KeepBest {
  static constexpr int kThreads = kSelectThreads;
  RankedRow* entries;
  size_t k, size;
  Candidates candidates;
  int* overflow;  // set to 1 if candidates were lost
  static size_t shared_bytes() { return SharedBytes<RankedRow>(BestList::kSharedEntries) + SharedBytes<int>(1); }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    RankedRow* sorter = block.template Shared<RankedRow>(BestList::kSharedEntries);
    int* pending = block.template Shared<int>(1);  // number of unsorted entries in the list
    const size_t q = block.index(), count = candidates.Count(q), room = size - k;
    const RankedRow* rows = candidates.rows + q * candidates.room;
    const BestList list{entries + q * size, k, size};
    RankedRow worst = list.entries[k - 1];
    block.Each([&](int t) {
      if (t == 0) *pending = 0;
    });
    for (size_t from = 0; from < count; from += kThreads) {
      block.Each([&](int t) {
        const size_t at = from + t;
        if (at < count && RanksBefore(rows[at], worst)) list.entries[k + block.AtomicAdd(pending, 1)] = rows[at];
      });
      const auto arrived = static_cast<size_t>(block.Read(pending));
      if (arrived == 0 || (from + kThreads < count && arrived + kThreads <= room)) continue;
      MergePending(block, list, arrived, sorter);
      worst = list.entries[k - 1];
      block.Each([&](int t) {
        if (t == 0) *pending = 0;
      });
    }
    block.Each([&](int t) {
      if (t != 0) return;
      if (static_cast<size_t>(candidates.counts[q]) > candidates.room) block.AtomicMax(overflow, 1);
      candidates.counts[q] = 0;
    });
  }
};

// Writes the result. One block per query.
struct WriteBest {
  static constexpr int kThreads = kSelectThreads;
  MetricTraits metric;
  const RankedRow* entries;
  size_t k, size;
  int32_t* indices;
  float* scores;
  static size_t shared_bytes() { return 0; }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    block.Each([&](int t) {
      for (size_t e = t; e < k; e += kThreads) {
        const RankedRow& best = entries[block.index() * size + e];
        indices[block.index() * k + e] = best.row;
        scores[block.index() * k + e] = static_cast<float>(ScoreOfKey(metric, best.key));
      }
    });
  }
};

}  // namespace univar::cuda
