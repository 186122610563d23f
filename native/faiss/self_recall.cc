// How many rows of a graph a search for their own vectors finds.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "core/random.h"
#include "faiss/guard.h"
#include "faiss/hnsw_repair.h"
#include "faiss/index_parts.h"
#include "faiss/metric.h"
#include "faiss/row_selector.h"
#include "faiss/team.h"
#include "faiss/vector_index.h"

namespace univar {

using faiss::idx_t;

namespace {

constexpr size_t kChunk = 256;  // queries between two checks of the control block
constexpr double kComparedPerQuery = 1024;
constexpr uint64_t kSeed = 1789;

// Returns up to `count` of the rows, each at most once, in order.
std::vector<int32_t> Sample(std::vector<int32_t> rows, size_t count) {
  if (rows.size() <= count) return rows;
  SplitMix64 random(kSeed);
  for (size_t i = 0; i < count; ++i) std::swap(rows[i], rows[i + random.Below(rows.size() - i)]);
  rows.resize(count);
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace

Status VectorIndex::SelfRecall(size_t sample, const Control& control, double* recall) const {
  *recall = 1.0;
  return Guard(Code::kInternal, "search for the rows of the index", [&] {
    const IndexParts parts(index_.get());
    if (parts.graph == nullptr || parts.lists != nullptr) return Status::Ok();
    const RowSelector selector = Selector({});
    const std::vector<int32_t> rows = Sample(selector.Rows(), sample);
    faiss::SearchParametersHNSW parameters;
    parameters.efSearch = std::max(parts.graph->hnsw.efSearch, kSelfSearchCandidates);
    parameters.sel = removed_count_ > 0 ? const_cast<RowSelector*>(&selector) : nullptr;
    const MetricTraits metric = TraitsOf(parts.core->metric_type);
    const auto dim = static_cast<size_t>(parts.core->d);
    const std::unique_ptr<faiss::DistanceComputer> own(parts.storage->get_distance_computer());
    std::vector<float> vectors(kChunk * dim), distances(kChunk);
    std::vector<idx_t> found(kChunk);
    size_t hits = 0;
    for (size_t begin = 0; begin < rows.size(); begin += kChunk) {
      if (control.cancelled()) return Status::Aborted();
      const size_t n = std::min(kChunk, rows.size() - begin);
      for (size_t i = 0; i < n; ++i) parts.storage->reconstruct(rows[begin + i], vectors.data() + i * dim);
      const Team team(kComparedPerQuery * static_cast<double>(n * dim));
      parts.core->search(static_cast<idx_t>(n), vectors.data(), 1, distances.data(), found.data(), &parameters);
      for (size_t i = 0; i < n; ++i) {
        own->set_query(vectors.data() + i * dim);
        const float best = (*own)(rows[begin + i]);
        hits += found[i] == rows[begin + i] || (found[i] >= 0 && !IsBetter(metric, best, distances[i])) ? 1 : 0;
      }
      control.report(static_cast<int64_t>(begin + n));
    }
    if (!rows.empty()) *recall = static_cast<double>(hits) / static_cast<double>(rows.size());
    return Status::Ok();
  });
}

}  // namespace univar
