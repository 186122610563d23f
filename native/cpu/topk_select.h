// Keeps the rows that can still be among the k best of each query of a block, and finally ranks them exactly.
//
// A row arrives with an upper bound of its key (ops/topk.h). Each query keeps at most `capacity` candidates. When the
// list is full, candidates whose upper bound is below the k-th largest lower bound are dropped. If the bounds cannot
// separate the rows (duplicates, near-ties), the candidates are ranked exactly right away, so memory stays bounded.
#pragma once

#include "core/aligned_buffer.h"
#include "core/matrix.h"
#include "cpu/topk_base.h"

namespace univar {

// The k best of the rows pushed so far: a heap in the caller's memory with the worst row on top.
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

// Terms of each query of a block for the filter and the selection. Arrays are padded to `stride` entries.
struct QueryTerms {
  AlignedBuffer<float> scale;        // <u', .> = scale * <codes, .>
  AlignedBuffer<float> residual;     // P
  AlignedBuffer<float> dot_weight;   // s/m; if the metric sums differences
  AlignedBuffer<float> norm_weight;  // just below 1/m; if the metric sums differences
  AlignedBuffer<float> threshold;    // rows with an upper bound below it are dropped; +infinity in the padding
  AlignedBuffer<double> norm;        // exact ||q_i||
  AlignedBuffer<double> slack;       // the part of the bound that does not depend on the row
};

class TopkSelector {
 public:
  // `best` has one entry per query.
  Status Init(const CpuTopkBase* prepared, ConstMatrix base, ConstMatrix queries, size_t k, size_t capacity,
              QueryTerms* terms, BestRows* best);

  // Adds a row whose key is at most `upper`, up to the slack of the query.
  void Push(size_t query, int32_t row, float upper) {
    if (counts_[query] == capacity_) MakeRoom(query);
    pending_[query * capacity_ + counts_[query]++] = {upper, row};
  }
  // Ranks the remaining candidates of the query and sorts its best rows.
  void Finish(size_t query);

  // Returns the bytes per query that Init allocates.
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
  // Returns a value that is reached by the upper bound of every row that ranks before `worst`.
  double ReachedBy(size_t query, double worst) const;

  const CpuTopkBase* prepared_ = nullptr;
  ConstMatrix base_, queries_;
  size_t k_ = 0, capacity_ = 0;
  QueryTerms* terms_ = nullptr;
  BestRows* best_ = nullptr;
  AlignedBuffer<Candidate> pending_;  // [queries, capacity]
  AlignedBuffer<size_t> counts_;
  AlignedBuffer<float> lowers_;  // [capacity], lower bounds of the query being pruned
  AlignedBuffer<double> wide_;   // the query being ranked, as doubles
};

}  // namespace univar
