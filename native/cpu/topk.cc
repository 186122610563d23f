// Exact top-k on the CPU, see ops/topk.h.
//
// Queries are processed in rounds. A round is split into units, and each unit compares a block of queries with a
// segment of the base in one thread. Units share no data, and the score tile of a unit stays in its core's cache. The
// exact ranking makes the merged result independent of the split. With many queries there is one segment; with few,
// each thread has its own.
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <new>
#include <string>
#include <vector>

#include "core/numbers.h"
#include "cpu/kernels.h"
#include "cpu/topk_scan.h"
#include "cpu/topk_select.h"

namespace univar {
namespace {

constexpr size_t kMaxBlock = 512;                      // queries of a unit
constexpr size_t kMinBlock = 64;                       // instead of smaller blocks, there are more segments
constexpr size_t kMinSegment = 2048;                   // base rows of a unit
constexpr size_t kMemoryPerThread = size_t{16} << 20;  // candidates, best rows and encoded queries of a unit

// How one search is split into units.
struct Plan {
  size_t threads, capacity, max_block;
  // Of one round of `queries` queries:
  size_t queries = 0, block = 0, blocks = 0, segment = 0, segments = 0, k = 0;

  Plan(const TopkArgs& args, size_t thread_count) : threads(thread_count) {
    // Space for k candidates that stay and several times as many that are only temporary.
    capacity = std::min(args.base.rows, 4 * args.k + 512);
    const size_t per_query =
        TopkSelector::BytesPerQuery(capacity) + args.k * sizeof(RankedRow) + args.queries.cols * sizeof(float);
    max_block = std::clamp(kMemoryPerThread / per_query, size_t{1}, kMaxBlock);
  }
  size_t round() const { return threads * max_block; }

  void CutRound(const TopkArgs& args, size_t round_queries) {
    queries = round_queries;
    blocks = std::max(CeilDivide(queries, max_block), std::min(threads, CeilDivide(queries, kMinBlock)));
    block = CeilDivide(queries, blocks);
    blocks = CeilDivide(queries, block);
    const size_t worthwhile = std::max(size_t{1}, args.base.rows / std::max(kMinSegment, 4 * args.k));
    segments = std::min(CeilDivide(threads, blocks), worthwhile);
    segment = CeilDivide(args.base.rows, segments);
    segments = CeilDivide(args.base.rows, segment);
    k = std::min(args.k, segment);
  }
};

// Shared by the units of a search.
struct Progress {
  const Control& control;
  size_t queries;
  std::atomic<size_t> pairs{0};

  // Reports the finished base rows, averaged over all queries.
  void Add(size_t rows, size_t block) {
    const size_t done = pairs.fetch_add(rows * block, std::memory_order_relaxed) + rows * block;
    control.report(static_cast<int64_t>(done / queries));
  }
};

Status CheckQueries(ConstMatrix queries) {
  size_t bad = queries.rows;
#pragma omp parallel for schedule(static) reduction(min : bad) if (queries.size() > 1 << 16)
  for (size_t i = 0; i < queries.rows; ++i) {
    const float* row = queries.row(i);
    if (!std::all_of(row, row + queries.cols, [](float x) { return std::isfinite(x); })) bad = std::min(bad, i);
  }
  if (bad == queries.rows) return Status::Ok();
  return Status::Error(Code::kNonFinite,
                       "Expected finite numbers for \"queries\", got NaN or Infinity in row " + std::to_string(bad));
}

// Ranks rows [begin, end) of the base for the given queries into `best`.
Status ScanUnit(const TopkArgs& args, size_t capacity, ConstMatrix queries, size_t begin, size_t end, size_t k,
                BestRows* best, Progress* progress) {
  const auto* prepared = static_cast<const CpuTopkBase*>(args.prepared);
  QueryTerms terms;
  TopkScanner scanner;
  TopkSelector selector;
  if (Status s = scanner.Init(prepared, args.base, queries, &terms); !s.ok()) return s;
  if (Status s = selector.Init(prepared, args.base, queries, k, capacity, &terms, best); !s.ok()) return s;
  for (size_t first = begin; first < end; first += scanner.tile_rows()) {
    if (progress->control.cancelled()) return Status::Aborted();
    const size_t rows = std::min(scanner.tile_rows(), end - first);
    if (Status s = scanner.ScanTile(first, rows, &selector); !s.ok()) return s;
    progress->Add(rows, queries.rows);
  }
  for (size_t i = 0; i < queries.rows; ++i) {
    if (progress->control.cancelled()) return Status::Aborted();
    selector.Finish(i);
  }
  return Status::Ok();
}

// Catches exceptions, because they must not leave a parallel region.
template <class... Args>
Status RunUnit(const Args&... args) {
  try {
    return ScanUnit(args...);
  } catch (const std::bad_alloc&) {
    return Status::Error(Code::kOutOfMemory, "Not enough host memory for top-k");
  }
}

// Merges the segments of query `i` of the round and writes its row of the result.
void WriteResult(const TopkArgs& args, const Plan& plan, const BestRows* parts, size_t i, size_t query,
                 RankedRow* scratch) {
  BestRows best(scratch, args.k);
  for (size_t s = 0; s < plan.segments; ++s) {
    for (const RankedRow& row : parts[s * plan.queries + i]) best.Push(row);
  }
  best.SortBestFirst();
  const MetricTraits& metric = static_cast<const CpuTopkBase*>(args.prepared)->metric;
  size_t at = query * args.k;
  for (const RankedRow& row : best) {
    args.indices[at] = row.row;
    args.scores[at++] = static_cast<float>(ScoreOfKey(metric, row.key));
  }
}

Status RunRound(const TopkArgs& args, const Plan& plan, size_t first_query, Progress* progress) {
  AlignedBuffer<RankedRow> rows, scratch;  // best rows of [queries, segments], and of one query per thread
  if (Status s = rows.Allocate(plan.queries * plan.segments * plan.k, "the best rows of top-k"); !s.ok()) return s;
  if (Status s = scratch.Allocate(plan.threads * args.k, "the best rows of top-k"); !s.ok()) return s;
  // Ordered by segment, then by query, so that units write to disjoint ranges.
  std::vector<BestRows> best;
  best.reserve(plan.queries * plan.segments);
  for (size_t i = 0; i < plan.queries * plan.segments; ++i) {
    best.emplace_back(rows.data() + i * plan.k, std::min(plan.k, args.base.rows - i / plan.queries * plan.segment));
  }

  Status status = Status::Ok();
  std::atomic<bool> failed{false};
#pragma omp parallel for schedule(dynamic, 1) num_threads(static_cast<int>(plan.threads))
  for (size_t unit = 0; unit < plan.blocks * plan.segments; ++unit) {
    if (failed.load(std::memory_order_relaxed)) continue;
    omp_set_num_threads(1);  // for the products inside; applies only to this thread within the region
    const size_t segment = unit / plan.blocks, begin = segment * plan.segment;
    const size_t query = unit % plan.blocks * plan.block;
    const ConstMatrix queries{args.queries.row(first_query + query), std::min(plan.block, plan.queries - query),
                              args.queries.cols};
    const size_t end = std::min(begin + plan.segment, args.base.rows);
    Status result = RunUnit(args, plan.capacity, queries, begin, end, std::min(plan.k, end - begin),
                            best.data() + segment * plan.queries + query, progress);
    if (!result.ok()) {
#pragma omp critical(univar_topk_status)
      status = std::move(result);
      failed.store(true, std::memory_order_relaxed);
    }
  }
  if (!status.ok()) return status;

#pragma omp parallel for schedule(static) num_threads(static_cast<int>(plan.threads))
  for (size_t i = 0; i < plan.queries; ++i) {
    RankedRow* own = scratch.data() + static_cast<size_t>(omp_get_thread_num()) * args.k;
    WriteResult(args, plan, best.data(), i, first_query + i, own);
  }
  return Status::Ok();
}

}  // namespace

Status topk_search_cpu(const TopkArgs& args, const Control& control) {
  if (Status s = CheckQueries(args.queries); !s.ok()) return s;
  Plan plan(args, static_cast<size_t>(omp_get_max_threads()));
  Progress progress{control, args.queries.rows};
  for (size_t first = 0; first < args.queries.rows; first += plan.round()) {
    plan.CutRound(args, std::min(plan.round(), args.queries.rows - first));
    if (Status s = RunRound(args, plan, first, &progress); !s.ok()) return s;
  }
  return Status::Ok();
}

}  // namespace univar
