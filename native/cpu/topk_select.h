// Keeps, for each query of a block, the rows that can still be among its k best, and ranks them exactly in the end.
//
// A row arrives with an upper bound of its key (ops/topk.h). At most `capacity` wait per query; when full, those whose
// upper bound is below the k-th largest lower bound go. Where bounds cannot tell the rows apart (duplicates,
// near-ties), the waiting ones are ranked exactly at once, so memory stays bounded.
#pragma once

#include "core/aligned_buffer.h"
#include "core/matrix.h"
#include "cpu/topk_base.h"

namespace univar {

// The k best of the rows pushed so far, in storage of the caller: a heap with the worst of them on top.
class BestRows {
 public:
  BestRows() = default;
  BestRows(RankedRow* rows, size_t k) : rows_(rows), k_(k) {}
  void Push(RankedRow row);
  bool full() const { return size_ == k_; }
  const RankedRow& worst() const { return rows_[0]; }
  size_t size() const { return size_; }
  const RankedRow* begin() const { return rows_; }
  const RankedRow* end() const { return rows_ + size_; }
  void SortBestFirst();

 private:
  RankedRow* rows_ = nullptr;
  size_t k_ = 0;
  size_t size_ = 0;
};

// What the filter and the selection need to know of each query of a block; arrays are padded to `stride` entries.
struct QueryTerms {
  AlignedBuffer<float> scale;        // <u', .> = scale * <codes, .>
  AlignedBuffer<float> residual;     // P
  AlignedBuffer<float> dot_weight;   // s/m; if the metric sums differences
  AlignedBuffer<float> norm_weight;  // just below 1/m; likewise
  AlignedBuffer<float> threshold;    // rows whose upper bound is below it are out; +infinity in the padding
  AlignedBuffer<double> norm;        // exact ||q_i||
  AlignedBuffer<double> slack;       // the part of the bound that does not depend on the row
};

class TopkSelector {
 public:
  // `best` has one entry per query.
  Status Init(const CpuTopkBase* prepared, ConstMatrix base, ConstMatrix queries, size_t k, size_t capacity,
              QueryTerms* terms, BestRows* best);

  // The key of row `row` is at most `upper`, up to the slack of the query.
  void Push(size_t query, int32_t row, float upper) {
    if (counts_[query] == capacity_) MakeRoom(query);
    pending_[query * capacity_ + counts_[query]++] = {upper, row};
  }
  // Ranks what is left of the query's candidates and sorts its best rows.
  void Finish(size_t query);

  // Bytes of Init's memory per query.
  static size_t BytesPerQuery(size_t capacity) { return capacity * sizeof(Candidate); }

 private:
  struct Candidate {
    float upper;
    int32_t row;
  };
  float LowerBound(size_t query, const Candidate& candidate) const;
  void Prune(size_t query);
  void MakeRoom(size_t query);
  void RankPending(size_t query);
  double ExactKey(size_t query, int32_t row) const;
  // A value that the upper bound of every row ranking before `worst` reaches.
  double ReachedBy(size_t query, double worst) const;

  const CpuTopkBase* prepared_ = nullptr;
  ConstMatrix base_, queries_;
  size_t k_ = 0, capacity_ = 0;
  QueryTerms* terms_ = nullptr;
  BestRows* best_ = nullptr;
  AlignedBuffer<Candidate> pending_;  // [queries, capacity]
  AlignedBuffer<size_t> counts_;
  AlignedBuffer<float> lowers_;  // [capacity], of the query being pruned
  AlignedBuffer<double> wide_;   // the query being ranked, as doubles
};

}  // namespace univar
