#include "cpu/topk_select.h"

#include <hwy/cache_control.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "cpu/topk_exact.h"

namespace univar {

namespace {

// Prefetches a candidate, because candidates are scattered over the base and rarely in a cache.
void PrefetchRow(const float* row, size_t cols) {
  constexpr size_t kLine = 64 / sizeof(float), kFarthest = 64 * kLine;
  for (size_t t = 0; t < std::min(cols, kFarthest); t += kLine) hwy::Prefetch(row + t);
}

}  // namespace

void BestRows::Push(RankedRow row) {
  if (full()) {
    if (!RanksBefore(row, worst())) return;
    std::pop_heap(rows_, rows_ + size_, RanksBefore);
    rows_[size_ - 1] = row;
  } else {
    rows_[size_++] = row;
  }
  std::push_heap(rows_, rows_ + size_, RanksBefore);
}

// Heap operations stay inside the array even if a caller breaks the contract and writes NaN into the base meanwhile.
void BestRows::SortBestFirst() { std::sort_heap(rows_, rows_ + size_, RanksBefore); }

Status TopkSelector::Init(const CpuTopkBase* prepared, ConstMatrix base, ConstMatrix queries, size_t k, size_t capacity,
                          QueryTerms* terms, BestRows* best) {
  prepared_ = prepared;
  base_ = base;
  queries_ = queries;
  k_ = k;
  capacity_ = capacity;
  terms_ = terms;
  best_ = best;
  if (Status s = pending_.Allocate(queries.rows * capacity, "top-k candidates"); !s.ok()) return s;
  if (Status s = lowers_.Allocate(capacity, "top-k lower bounds"); !s.ok()) return s;
  if (Status s = counts_.Allocate(queries.rows, "top-k candidate counts"); !s.ok()) return s;
  std::fill_n(counts_.data(), queries.rows, size_t{0});
  return wide_.Allocate(queries.cols, "a query in double precision");
}

// The lower bound is twice the error below the upper bound. The upper bound subtracts slightly less than the norm term
// of a difference.
inline float TopkSelector::LowerBound(size_t query, const Candidate& candidate) const {
  const size_t row = static_cast<size_t>(candidate.row);
  const float error = terms_->residual[query] * prepared_->length[row] + prepared_->residual[row];
  if (!prepared_->metric.sums_differences) return candidate.upper - 2.0f * error;
  return candidate.upper - 2.0f * terms_->dot_weight[query] * error -
         0x1p-18f * terms_->norm_weight[query] * prepared_->half_square[row];
}

// Drops the rows for which k other rows are certainly better.
void TopkSelector::Prune(size_t query) {
  Candidate* begin = pending_.data() + query * capacity_;
  const size_t count = counts_[query];
  float& threshold = terms_->threshold[query];
  if (count >= k_) {
    for (size_t i = 0; i < count; ++i) lowers_[i] = LowerBound(query, begin[i]);
    float* kth = lowers_.data() + (k_ - 1);
    std::nth_element(lowers_.data(), kth, lowers_.data() + count, std::greater<float>());
    const double reached = *kth - terms_->slack[query];
    threshold = std::max(threshold, std::nextafterf(static_cast<float>(reached), -INFINITY));
  }
  const float limit = threshold;
  Candidate* end = std::partition(begin, begin + count, [limit](const Candidate& c) { return c.upper >= limit; });
  counts_[query] = static_cast<size_t>(end - begin);
}

void TopkSelector::MakeRoom(size_t query) {
  Prune(query);
  // If the list is still nearly full, pruning would soon run for every new row.
  if (counts_[query] > capacity_ - capacity_ / 4) RankPending(query);
}

void TopkSelector::Finish(size_t query) {
  Prune(query);
  RankPending(query);
  best_[query].SortBestFirst();
}

// Ranks the likely best candidates first, so that most of the others do not need an exact key.
void TopkSelector::RankPending(size_t query) {
  Candidate* begin = pending_.data() + query * capacity_;
  Candidate* end = begin + counts_[query];
  counts_[query] = 0;
  std::copy_n(queries_.row(query), queries_.cols, wide_.data());
  if (static_cast<size_t>(end - begin) > k_) {
    std::nth_element(begin, begin + k_, end, [](const Candidate& a, const Candidate& b) { return a.upper > b.upper; });
  }
  BestRows& best = best_[query];
  double limit = best.full() ? ReachedBy(query, best.worst().key) : -INFINITY;
  double worst = best.full() ? best.worst().key : -INFINITY;
  for (const Candidate* c = begin; c < end; ++c) {
    if (c->upper < limit) continue;
    if (c + 1 < end) PrefetchRow(base_.row(static_cast<size_t>(c[1].row)), base_.cols);
    best.Push({ExactKey(query, c->row), c->row});
    if (best.full() && best.worst().key > worst) {
      worst = best.worst().key;
      limit = ReachedBy(query, worst);
    }
  }
}

double TopkSelector::ExactKey(size_t query, int32_t row) const {
  const MetricTraits& metric = prepared_->metric;
  const float* b = base_.row(static_cast<size_t>(row));
  const double norms = metric.divides_by_norms ? terms_->norm[query] * prepared_->norms[static_cast<size_t>(row)] : 0.0;
  const double sum = metric.sums_differences ? exact_squared_distance(wide_.data(), b, base_.cols)
                                             : exact_dot(wide_.data(), b, base_.cols);
  return KeyOfSum(metric, sum, norms);
}

double TopkSelector::ReachedBy(size_t query, double worst) const {
  const MetricTraits& metric = prepared_->metric;
  const double norm = terms_->norm[query], unit = prepared_->unit;
  double g = worst;
  if (metric.sums_differences) {
    const double s = norm / unit;
    const double distance = -worst / unit / unit;
    g = (s * s - distance) / (2.0 * std::max(1.0, s));
  } else if (!metric.divides_by_norms) {
    g = norm > 0.0 ? worst / (norm * unit) : 0.0;
  }
  // The division and the difference are rounded. The slack covers the error of the difference; 2^-30 is far above all
  // others.
  return g - terms_->slack[query] - std::abs(g) * 0x1p-30;
}

}  // namespace univar
