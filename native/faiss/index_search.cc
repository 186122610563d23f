// The searches of VectorIndex.
#include <faiss/IndexRefine.h>
#include <faiss/impl/AuxIndexStructures.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "faiss/fast_indexes.h"
#include "faiss/guard.h"
#include "faiss/index_parts.h"
#include "faiss/metric.h"
#include "faiss/row_ranking.h"
#include "faiss/row_selector.h"
#include "faiss/team.h"
#include "faiss/transformed.h"
#include "faiss/vector_index.h"

namespace univar {

using faiss::idx_t;

namespace {

constexpr int64_t kMaxResults = std::numeric_limits<int32_t>::max();

// Approximate number of neighbours that a graph search compares for each candidate that it keeps.
constexpr double kComparedPerCandidate = 24;

int64_t Candidates(const IndexParts& parts, const SearchParams& params) {
  return params.ef_search > 0 ? params.ef_search : parts.graph->hnsw.efSearch;
}

// FAISS's parameter objects for the core of an index.
class Parameters {
 public:
  Parameters(const IndexParts& parts, const SearchParams& params, const RowSelector* selector, int64_t k) {
    lists_.sel = const_cast<RowSelector*>(selector);
    if (parts.lists != nullptr) {
      const int64_t probes = params.nprobe > 0 ? params.nprobe : static_cast<int64_t>(parts.lists->nprobe);
      lists_.nprobe = static_cast<size_t>(std::min<int64_t>(probes, static_cast<int64_t>(parts.lists->nlist)));
      k = static_cast<int64_t>(lists_.nprobe);
    }
    if (parts.graph != nullptr) {
      // With fewer than k candidates, FAISS would stop before it has k results. More than all vectors are no use.
      const int64_t ef = std::max<int64_t>(Candidates(parts, params), k);
      graph_.efSearch = static_cast<int>(std::min<int64_t>(ef, std::max<int64_t>(parts.graph->ntotal, 1)));
    }
    if (parts.lists != nullptr) {
      if (parts.graph != nullptr) lists_.quantizer_params = &graph_;
      core_ = &lists_;
    } else if (parts.graph != nullptr) {
      graph_.sel = const_cast<RowSelector*>(selector);
      core_ = &graph_;
    }
  }
  Parameters(const Parameters&) = delete;
  Parameters& operator=(const Parameters&) = delete;
  const faiss::SearchParameters* get() const { return core_; }

 private:
  faiss::SearchParametersIVF lists_;
  faiss::SearchParametersHNSW graph_;
  faiss::SearchParameters* core_ = nullptr;
};

// Returns the approximate number of multiplications for one query.
double QueryWork(const IndexParts& parts, const SearchParams& params) {
  const auto rows = static_cast<double>(parts.core->ntotal);
  const auto dim = static_cast<double>(parts.core->d);
  if (parts.lists != nullptr) {
    const auto lists = static_cast<double>(parts.lists->nlist);
    const auto probes = static_cast<double>(std::max<int64_t>(1, params.nprobe));
    return dim * (lists + std::min(probes, lists) / lists * rows);
  }
  if (parts.graph != nullptr)
    return dim * std::min(rows, kComparedPerCandidate * static_cast<double>(std::max<int64_t>(16, params.ef_search)));
  return dim * rows;
}

// Returns the number of queries per step. A step of an exhaustive search takes a fraction of a second.
int64_t QueryChunk(const IndexParts& parts) {
  if (parts.lists != nullptr || parts.graph != nullptr) return 256;
  const int64_t work = std::max<int64_t>(1, parts.core->ntotal * parts.core->d);
  return std::clamp<int64_t>(int64_t{4'000'000'000} / work, 32, 1024);
}

// Whether comparing the `selected` rows one by one is cheaper than searching the graph. If one row in s is selected, a
// walk visits s rows for each row that it keeps, and more if the selected rows are far from the query. It reads them
// from all over the memory, and the others nearly in their order.
bool CheaperOneByOne(const IndexParts& parts, const SearchParams& params, int64_t k, size_t selected) {
  if (parts.graph == nullptr) return true;
  constexpr double kWalkedRow = 3;  // in rows that are compared one by one
  const auto chosen = static_cast<double>(selected);
  const auto ef = static_cast<double>(std::max<int64_t>(Candidates(parts, params), k));
  return chosen * chosen <= kWalkedRow * kComparedPerCandidate * ef * static_cast<double>(parts.core->ntotal);
}

}  // namespace

RowSelector VectorIndex::Selector(const SearchParams& params) const {
  const RowBits removed{removed_.data(), removed_.size()};
  return RowSelector(RowBits{params.filter, params.filter_bytes}, removed, static_cast<size_t>(index_->ntotal));
}

Status VectorIndex::Search(ConstMatrix queries, size_t k, const SearchParams& params, int32_t* labels, float* distances,
                           const Control& control) const {
  if (Status status = CheckEntries(queries, "queries"); !status.ok()) return status;
  return Guard(Code::kInternal, "search", [&] {
    const IndexParts parts(index_.get());
    const RowSelector selector = Selector(params);
    const auto total = static_cast<size_t>(index_->ntotal);
    // The number is known without counting unless the caller passed a filter.
    const size_t selected = selector.allows_all() ? total - static_cast<size_t>(removed_count_) : selector.Count();
    const bool all = selected == total;
    // With re-ranking, the search returns all candidates that are to be re-ranked.
    size_t found = k;
    if (parts.refine != nullptr) {
      const double factor = std::max(1.0f, parts.refine->k_factor);
      found = params.rerank > 0 ? static_cast<size_t>(params.rerank)
                                : static_cast<size_t>(std::ceil(factor * static_cast<double>(k)));
      found = std::max(k, std::min(found, total));
    }
    std::vector<int32_t> chosen;
    const bool one_by_one =
        !all && parts.storage != nullptr && CheaperOneByOne(parts, params, static_cast<int64_t>(found), selected);
    if (one_by_one) chosen = selector.Rows();

    const Parameters parameters(parts, params, all ? nullptr : &selector, static_cast<int64_t>(found));
    const auto rows = static_cast<int64_t>(queries.rows);
    const int64_t chunk = QueryChunk(parts);
    const double work = one_by_one ? static_cast<double>(selected) * parts.core->d : QueryWork(parts, params);
    const Team team(work * static_cast<double>(std::min(chunk, rows)));
    const auto most = static_cast<size_t>(std::min(chunk, rows));
    std::vector<idx_t> ids(most * k);
    std::vector<idx_t> candidates(parts.refine != nullptr ? most * found : 0);
    std::vector<float> coarse(candidates.size());
    for (int64_t begin = 0; begin < rows; begin += chunk) {
      if (control.cancelled()) return Status::Aborted();
      const int64_t n = std::min(chunk, rows - begin);
      const size_t at = static_cast<size_t>(begin) * k;
      const ConstMatrix given = RowRange(queries, begin, n);
      Transformed vectors;
      if (Status status = vectors.Apply(parts, given); !status.ok()) return status;
      float* near = parts.refine != nullptr ? coarse.data() : distances + at;
      idx_t* near_ids = parts.refine != nullptr ? candidates.data() : ids.data();
      if (one_by_one) {
        RankRows(*parts.storage, chosen, vectors.result(), found, near, near_ids);
      } else {
        parts.core->search(n, vectors.result().data, static_cast<idx_t>(found), near, near_ids, parameters.get());
      }
      if (parts.refine != nullptr) RankAgain(*parts.exact, given, near_ids, found, k, distances + at, ids.data());
      std::transform(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(n) * k), labels + at,
                     [](idx_t id) { return static_cast<int32_t>(id); });
      control.report(begin + n);
    }
    return Status::Ok();
  });
}

Status VectorIndex::RangeSearch(ConstMatrix queries, float radius, const SearchParams& params, RangeResult* result,
                                const Control& control) const {
  if (Status status = CheckEntries(queries, "queries"); !status.ok()) return status;
  return Guard(Code::kInternal, "search", [&] {
    const IndexParts parts(index_.get());
    const RowSelector selector = Selector(params);
    const Parameters parameters(parts, params, nullptr, 1);
    const MetricTraits metric = TraitsOf(index_->metric_type);
    const auto rows = static_cast<int64_t>(queries.rows);
    const int64_t chunk = QueryChunk(parts);
    const Team team(QueryWork(parts, params) * static_cast<double>(std::min(chunk, rows)));
    result->offsets.assign(1, 0);
    std::vector<size_t> order;
    std::unique_ptr<faiss::DistanceComputer> exact;
    if (parts.exact != nullptr) exact.reset(parts.exact->get_FlatCodesDistanceComputer());
    for (int64_t begin = 0; begin < rows; begin += chunk) {
      if (control.cancelled()) return Status::Aborted();
      const int64_t n = std::min(chunk, rows - begin);
      faiss::RangeSearchResult found(static_cast<size_t>(n));
      Transformed vectors;
      if (Status status = vectors.Apply(parts, RowRange(queries, begin, n)); !status.ok()) return status;
      parts.core->range_search(n, vectors.result().data, radius, &found, parameters.get());
      if (found.lims[n] > static_cast<size_t>(kMaxResults) - result->labels.size()) {
        return Status::Error(Code::kOutOfMemory,
                             "More than 2^31 - 1 vectors are within the radius: search fewer queries at a time");
      }
      for (int64_t i = 0; i < n; ++i) {
        if (exact != nullptr) exact->set_query(queries.row(static_cast<size_t>(begin + i)));
        order.clear();
        for (size_t j = found.lims[i]; j < found.lims[i + 1]; ++j) {
          if (!selector.is_member(found.labels[j])) continue;
          if (exact != nullptr) {
            float& distance = found.distances[j];
            distance = (*exact)(found.labels[j]);
            if (!IsBetter(metric, distance, radius)) continue;
          }
          order.push_back(j);
        }
        std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
          const float x = found.distances[a], y = found.distances[b];
          return x != y ? IsBetter(metric, x, y) : found.labels[a] < found.labels[b];
        });
        for (const size_t j : order) {
          result->labels.push_back(static_cast<int32_t>(found.labels[j]));
          result->distances.push_back(found.distances[j]);
        }
        result->offsets.push_back(static_cast<int32_t>(result->labels.size()));
      }
      control.report(begin + n);
    }
    return Status::Ok();
  });
}

}  // namespace univar
