// Exact top-k on a machine (machine.h), see ops/topk.h. Queries are processed in blocks and the base in segments. The
// scan of a segment fills a matrix of bounded size, from which each query collects the rows that can still be among its
// best (select.h).
//
// The first segment is small, and later segments grow with the number of rows before them, so each one except the first
// gives about k times the growth factor of candidates, for a base of any size. f32 computes the exact key of every row
// in double precision. bf16 scans on tensor cores and computes exact keys only for candidates. If rows are so close to
// each other that the candidates do not fit, the block is searched again in segments with at most as many rows as fit.
#pragma once

#include <string>

#include "core/control.h"
#include "core/matrix.h"
#include "core/try.h"
#include "cuda/gemm/product.h"
#include "cuda/machine/machine.h"
#include "cuda/topk/select.h"
#include "ops/topk.h"

namespace univar::cuda {

inline constexpr size_t kScanBytes = size_t{128} << 20;
inline constexpr size_t kListBytes = size_t{256} << 20;  // for lists and candidates
inline constexpr size_t kMaxTopkQueries = 1024;          // per block
inline constexpr size_t kWantedBlocks = 512;             // to keep a device busy
inline constexpr size_t kFirstSegment = 4096, kMaxGrowth = 16;
inline constexpr size_t kQueuedSegments = 8;  // segments between two waits for the device, to check for cancellation

// How a search is split into blocks and segments.
struct TopkPlan {
  size_t list_size, queries, candidates, segment, first_segment, growth, parts;

  TopkPlan(size_t rows, size_t all_queries, size_t k, bool exact_scan) {
    list_size = BestList::SizeFor(k);
    const size_t start = Max(kFirstSegment, 4 * k), entries = kListBytes / sizeof(RankedRow);
    queries = Min(Min(all_queries, kMaxTopkQueries), Max(1, entries / (list_size + start)));
    const size_t width = kScanBytes / (queries * (exact_scan ? sizeof(double) : sizeof(float)));
    segment = Min(RoundUp(rows, 8), width / 128 * 128);
    const size_t left = entries / queries;
    candidates = Min(segment, Max(start, left > list_size ? left - list_size : 0));
    first_segment = Min(candidates, start);
    growth = Max(1, Min(kMaxGrowth, candidates / (2 * k)));
    parts = CeilDivide(kWantedBlocks, queries);
  }

  // Returns the rows of the segment after the first `done` rows.
  size_t Width(size_t done, bool all_fit) const {
    if (all_fit) return Min(segment, candidates);
    return done == 0 ? first_segment : Min(segment, RoundUp(done * growth, 8));
  }
};

// Rows of a base in the machine's memory.
struct PreparedRows {
  float* rows = nullptr;
  double* norms = nullptr;
  Bf16* codes = nullptr;  // null for f32
  float* residuals = nullptr;
  size_t count = 0, dim = 0, stride = 0;
  size_t bytes() const {
    return count *
           (dim * sizeof(float) + sizeof(double) + (codes == nullptr ? 0 : stride * sizeof(Bf16) + sizeof(float)));
  }
};

// Allocates and measures [count, dim] rows, and finds the first row that is not finite.
template <class Machine>
class RowPreparation {
 public:
  Status Allocate(Machine* machine, size_t count, size_t dim, bool bf16, const char* what, PreparedRows* to) {
    to->count = count;
    to->dim = dim;
    to->stride = RoundUp(dim, 8);
    UNIVAR_TRY(machine->Allocate(count * dim, what, &to->rows));
    UNIVAR_TRY(machine->Allocate(count, what, &to->norms));
    UNIVAR_TRY(machine->Allocate(1, what, &first_bad_));
    if (!bf16) return Status::Ok();
    UNIVAR_TRY(machine->Allocate(count * to->stride, what, &to->codes));
    return machine->Allocate(count, what, &to->residuals);
  }

  Status Measure(Machine* machine, const float* rows, size_t count, const PreparedRows& to, const char* name) {
    int bad = static_cast<int>(count);
    UNIVAR_TRY(machine->Copy(rows, count * to.dim, to.rows));
    UNIVAR_TRY(machine->Copy(&bad, 1, first_bad_));
    UNIVAR_TRY(
        machine->Launch(MeasureRows{to.rows, to.dim, to.stride, to.norms, to.codes, to.residuals, first_bad_}, count));
    UNIVAR_TRY(machine->Copy(first_bad_, 1, &bad));
    UNIVAR_TRY(machine->Wait());
    if (static_cast<size_t>(bad) == count) return Status::Ok();
    return Status::Error(Code::kNonFinite, std::string("Expected finite numbers for \"") + name +
                                               "\", got NaN or Infinity in row " + std::to_string(offset_ + bad));
  }
  // Sets the caller's number of the first row that Measure receives.
  void SetOffset(size_t offset) { offset_ = offset; }

 private:
  int* first_bad_ = nullptr;
  size_t offset_ = 0;
};

struct TopkRequest {
  MetricTraits metric;
  ConstMatrix queries;
  size_t k;
  int32_t* indices;
  float* scores;
};

template <class Machine>
class TopkDriver {
 public:
  TopkDriver(Machine* machine, const PreparedRows& base, const TopkRequest& request, const Control& control)
      : machine_(*machine),
        base_(base),
        request_(request),
        control_(control),
        plan_(base.count, request.queries.rows, request.k, base.codes == nullptr) {}
  // For tests: the plan, which tests can change, and the number of blocks that were searched again.
  TopkPlan& plan() { return plan_; }
  size_t repeats() const { return repeats_; }

  Status Run() {
    const bool bf16 = base_.codes != nullptr;
    const size_t k = request_.k;
    UNIVAR_TRY(preparation_.Allocate(&machine_, plan_.queries, base_.dim, bf16, "a block of queries", &queries_));
    if (bf16) {
      UNIVAR_TRY(machine_.Allocate(plan_.queries * plan_.segment, "products of queries and rows", &dots_));
    } else {
      UNIVAR_TRY(machine_.Allocate(plan_.queries * plan_.segment, "keys of queries and rows", &keys_));
    }
    UNIVAR_TRY(machine_.Allocate(plan_.queries * plan_.list_size, "the best rows of top-k", &entries_));
    candidates_.room = plan_.candidates;
    UNIVAR_TRY(machine_.Allocate(plan_.queries * plan_.candidates, "candidates of top-k", &candidates_.rows));
    UNIVAR_TRY(machine_.Allocate(plan_.queries, "candidates of top-k", &candidates_.counts));
    UNIVAR_TRY(machine_.Fill(candidates_.counts, 0, plan_.queries));
    UNIVAR_TRY(machine_.Allocate(1, "candidates of top-k", &overflow_));
    UNIVAR_TRY(machine_.Allocate(plan_.queries * k, "the result of top-k", &indices_));
    UNIVAR_TRY(machine_.Allocate(plan_.queries * k, "the result of top-k", &scores_));
    for (size_t first = 0; first < request_.queries.rows; first += plan_.queries)
      UNIVAR_TRY(SearchBlock(first, Min(plan_.queries, request_.queries.rows - first)));
    return Status::Ok();
  }

 private:
  Status SearchBlock(size_t first_query, size_t count) {
    preparation_.SetOffset(first_query);
    UNIVAR_TRY(preparation_.Measure(&machine_, request_.queries.row(first_query), count, queries_, "queries"));
    bool complete = false;
    UNIVAR_TRY(SearchSegments(first_query, count, false, &complete));
    if (complete) return Status::Ok();
    ++repeats_;
    return SearchSegments(first_query, count, true, &complete);
  }

  Status SearchSegments(size_t first_query, size_t count, bool all_fit, bool* complete) {
    const size_t k = request_.k;
    UNIVAR_TRY(machine_.Launch(ClearLists{entries_, k, plan_.list_size}, count));
    UNIVAR_TRY(machine_.Fill(overflow_, 0, 1));
    size_t queued = 0;
    for (size_t first = 0; first < base_.count;) {
      if (control_.cancelled()) return Status::Aborted();
      const size_t rows = Min(plan_.Width(first, all_fit), base_.count - first);
      UNIVAR_TRY(SearchSegment(count, first, rows));
      first += rows;
      if (++queued % kQueuedSegments != 0 && first < base_.count) continue;
      UNIVAR_TRY(machine_.Wait());
      if (!all_fit) Report(first_query, count, first);
    }
    UNIVAR_TRY(machine_.Launch(WriteBest{request_.metric, entries_, k, plan_.list_size, indices_, scores_}, count));
    int overflow = 0;
    UNIVAR_TRY(machine_.Copy(overflow_, 1, &overflow));
    UNIVAR_TRY(machine_.Copy(indices_, count * k, request_.indices + first_query * k));
    UNIVAR_TRY(machine_.Copy(scores_, count * k, request_.scores + first_query * k));
    UNIVAR_TRY(machine_.Wait());
    *complete = overflow == 0;
    return Status::Ok();
  }

  Status SearchSegment(size_t count, size_t first, size_t rows) {
    const Scan scan{request_.metric,
                    queries_.rows,
                    queries_.norms,
                    queries_.residuals,
                    base_.rows,
                    base_.norms,
                    base_.residuals,
                    count,
                    base_.dim,
                    first,
                    rows,
                    plan_.segment,
                    keys_,
                    dots_};
    if (keys_ != nullptr) {
      const ExactKeys keys{scan};
      UNIVAR_TRY(machine_.Launch(keys, keys.blocks()));
    } else {
      UNIVAR_TRY(Multiply(count, first, rows));
    }
    const Collect collect{scan, entries_, request_.k, plan_.list_size, plan_.parts, candidates_};
    UNIVAR_TRY(machine_.Launch(collect, count * plan_.parts));
    if (dots_ != nullptr)
      UNIVAR_TRY(machine_.Launch(ScoreCandidates{scan, candidates_, plan_.parts}, count * plan_.parts));
    return machine_.Launch(KeepBest{entries_, request_.k, plan_.list_size, candidates_, overflow_}, count);
  }

  Status Multiply(size_t count, size_t first, size_t rows) {
    const size_t width = base_.stride;
    const Bf16* codes = base_.codes + first * width;
    if (count <= FewDots::kQueries) {
      const FewDots dots{queries_.codes, codes, dots_, count, rows, width, plan_.segment};
      return machine_.Launch(dots, dots.blocks());
    }
    const GemmShape shape{count, rows, base_.dim, width, width, plan_.segment, false};
    return MultiplyHalves<false, true, Half::kBf16>(machine_, queries_.codes, codes, dots_, shape);
  }

  void Report(size_t first_query, size_t count, size_t done) const {
    const double before = static_cast<double>(first_query) * static_cast<double>(base_.count);
    const double now = before + static_cast<double>(count) * static_cast<double>(done);
    control_.report(static_cast<int64_t>(now / static_cast<double>(request_.queries.rows)));
  }

  Machine& machine_;
  const PreparedRows& base_;
  const TopkRequest request_;
  const Control& control_;
  TopkPlan plan_;
  size_t repeats_ = 0;
  RowPreparation<Machine> preparation_;
  PreparedRows queries_;
  float* dots_ = nullptr;
  double* keys_ = nullptr;
  RankedRow* entries_ = nullptr;
  Candidates candidates_ = {};
  int* overflow_ = nullptr;
  int32_t* indices_ = nullptr;
  float* scores_ = nullptr;
};

}  // namespace univar::cuda
