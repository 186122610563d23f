// Exact top-k on a machine (machine.h), see ops/topk.h. Queries go in blocks, the base in segments: a segment is scanned into
// a matrix of bounded size, from which a block per query and split selects.
//
// f32 gives every row its exact key, in double precision; bf16 scans by tensor cores and gives it to those that can still be
// among the best (topk_bodies.h).
#pragma once

#include <string>

#include "core/control.h"
#include "core/matrix.h"
#include "core/try.h"
#include "cuda/gemm.h"
#include "cuda/machine.h"
#include "cuda/topk_bodies.h"
#include "ops/topk.h"

namespace univar::cuda {

inline constexpr size_t kScanBytes = size_t{128} << 20;
inline constexpr size_t kListBytes = size_t{256} << 20;
inline constexpr size_t kMaxTopkQueries = 1024;  // of a block
inline constexpr size_t kWantedBlocks = 256;     // to keep a device busy
inline constexpr size_t kMinSplitRows = 4096;

// How a search is cut.
struct TopkPlan {
  size_t list_size, queries, splits, segment;

  TopkPlan(size_t rows, size_t all_queries, size_t k, bool exact_scan) {
    list_size = BestList::SizeFor(k);
    const size_t fit = Max(1, kListBytes / (list_size * sizeof(RankedRow)));  // lists
    queries = Min(Min(all_queries, kMaxTopkQueries), fit);
    const size_t worthwhile = Max(1, rows / Max(kMinSplitRows, 4 * k));
    splits = Max(1, Min(Min(CeilDivide(kWantedBlocks, queries), fit / queries), worthwhile));
    const size_t width = kScanBytes / (queries * (exact_scan ? sizeof(double) : sizeof(float)));
    segment = Min(RoundUp(rows, 8), width / 128 * 128);
  }
};

// Rows of a base on the machine.
struct PreparedRows {
  float* rows = nullptr;
  double* norms = nullptr;
  Bf16* codes = nullptr;  // null for f32
  float* residuals = nullptr;
  size_t count = 0, dim = 0, stride = 0;
  size_t bytes() const {
    return count * (dim * sizeof(float) + sizeof(double) + (codes == nullptr ? 0 : stride * sizeof(Bf16) + sizeof(float)));
  }
};

// Allocates and measures [count, dim] rows; gives the first row that is not finite, or `count`.
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
    UNIVAR_TRY(machine->Launch(MeasureRows{to.rows, to.dim, to.stride, to.norms, to.codes, to.residuals, first_bad_}, count));
    UNIVAR_TRY(machine->Copy(first_bad_, 1, &bad));
    UNIVAR_TRY(machine->Wait());
    if (static_cast<size_t>(bad) == count) return Status::Ok();
    return Status::Error(Code::kNonFinite, std::string("Expected finite numbers for \"") + name +
                                               "\", got NaN or Infinity in row " + std::to_string(offset_ + bad));
  }
  // Of the rows that Measure gets, in the caller's numbering.
  void SetOffset(size_t offset) { offset_ = offset; }

 private:
  int* first_bad_ = nullptr;
  size_t offset_ = 0;
};

struct TopkRequest {
  TopkMetric metric;
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
  // For tests: other cuts than the planned one.
  TopkPlan& plan() { return plan_; }

  Status Run() {
    const bool bf16 = base_.codes != nullptr;
    const size_t k = request_.k, lists = plan_.queries * plan_.splits;
    UNIVAR_TRY(preparation_.Allocate(&machine_, plan_.queries, base_.dim, bf16, "a block of queries", &queries_));
    if (bf16) {
      UNIVAR_TRY(machine_.Allocate(plan_.queries * plan_.segment, "products of queries and rows", &dots_));
    } else {
      UNIVAR_TRY(machine_.Allocate(plan_.queries * plan_.segment, "keys of queries and rows", &keys_));
    }
    UNIVAR_TRY(machine_.Allocate(lists * plan_.list_size, "the best rows of top-k", &entries_));
    UNIVAR_TRY(machine_.Allocate(plan_.queries * k, "the result of top-k", &indices_));
    UNIVAR_TRY(machine_.Allocate(plan_.queries * k, "the result of top-k", &scores_));
    for (size_t first = 0; first < request_.queries.rows; first += plan_.queries)
      UNIVAR_TRY(SearchBlock(first, Min(plan_.queries, request_.queries.rows - first)));
    return Status::Ok();
  }

 private:
  Status SearchBlock(size_t first_query, size_t count) {
    if (control_.cancelled()) return Status::Aborted();
    const size_t k = request_.k, all = request_.queries.rows;
    preparation_.SetOffset(first_query);
    UNIVAR_TRY(preparation_.Measure(&machine_, request_.queries.row(first_query), count, queries_, "queries"));
    UNIVAR_TRY(machine_.Launch(ClearLists{entries_, k, plan_.list_size}, count * plan_.splits));
    for (size_t first = 0; first < base_.count; first += plan_.segment) {
      if (control_.cancelled()) return Status::Aborted();
      const size_t rows = Min(plan_.segment, base_.count - first);
      const Scan scan{request_.metric,   queries_.rows,     queries_.norms, queries_.residuals, base_.rows, base_.norms,
                      base_.residuals,   count,             base_.dim,      first,              rows,       plan_.segment,
                      keys_,             dots_};
      if (keys_ != nullptr) {
        const ExactKeys keys{scan};
        UNIVAR_TRY(machine_.Launch(keys, keys.blocks()));
      } else {
        const GemmShape shape{count, rows, base_.dim, base_.stride, base_.stride, plan_.segment, false};
        const GemmHalf<false, true, Half::kBf16> product{queries_.codes, base_.codes + first * base_.stride, dots_, shape};
        UNIVAR_TRY(machine_.Launch(product, product.blocks()));
      }
      UNIVAR_TRY(machine_.Launch(Select{scan, entries_, k, plan_.list_size, plan_.splits}, count * plan_.splits));
      UNIVAR_TRY(machine_.Wait());
      control_.report(static_cast<int64_t>((static_cast<double>(first_query) * static_cast<double>(base_.count) +
                                            static_cast<double>(count) * static_cast<double>(first + rows)) /
                                           static_cast<double>(all)));
    }
    const JoinSplits join{request_.metric, entries_, k, plan_.list_size, plan_.splits, indices_, scores_};
    UNIVAR_TRY(machine_.Launch(join, count));
    UNIVAR_TRY(machine_.Copy(indices_, count * k, request_.indices + first_query * k));
    UNIVAR_TRY(machine_.Copy(scores_, count * k, request_.scores + first_query * k));
    return machine_.Wait();
  }

  Machine& machine_;
  const PreparedRows& base_;
  const TopkRequest request_;
  const Control& control_;
  TopkPlan plan_;
  RowPreparation<Machine> preparation_;
  PreparedRows queries_;
  float* dots_ = nullptr;
  double* keys_ = nullptr;
  RankedRow* entries_ = nullptr;
  int32_t* indices_ = nullptr;
  float* scores_ = nullptr;
};

}  // namespace univar::cuda
