#include "faiss/hnsw_builder.h"

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>

namespace univar {
namespace {

constexpr size_t kBatchFraction = 64;  // minimum ratio of points in the graph to points in a batch
constexpr size_t kMaxBatch = 1024;     // limits the memory of the plans
constexpr size_t kParallelFrom = 8;    // fewer points are not worth waking a team
constexpr uint64_t kOrderSeed = 789;   // FAISS's

}  // namespace

struct HnswBuilder::Worker {
  // An entry of a neighbour list in Prune.
  struct Candidate {
    float distance;
    int32_t id;
    bool pruned;    // kept by an earlier pruning: excludes no other such candidate
    bool excluded;  // an accepted candidate is closer to it than the row whose list this is
  };

  Worker(const NewDistances& new_distances, const faiss::HNSW& graph, size_t rows)
      : query(new_distances()), row(new_distances()) {
    walk.Prepare(&graph, rows);
  }

  void CompareWithRow(const int32_t* rows, size_t count) {
    distances.resize(std::max(distances.size(), count));
    row->ByIds(rows, count, distances.data());
  }

  std::unique_ptr<LinkDistances> query;  // from the point being inserted
  std::unique_ptr<LinkDistances> row;    // from a stored row
  HnswWalk walk;
  std::vector<int32_t> ids;
  std::vector<float> distances;       // of the last CompareWithRow
  std::vector<Candidate> candidates;  // input and output of Prune
  std::vector<Candidate> accepted;
};

HnswBuilder::HnswBuilder(faiss::HNSW* graph, HnswLinkMemory* memory, NewDistances new_distances, size_t dim)
    : graph_(*graph), memory_(*memory), new_distances_(std::move(new_distances)), dim_(dim) {}

// Returns the same list for writing.
int32_t* HnswBuilder::Links(int32_t row, int level, size_t* capacity) const {
  return const_cast<int32_t*>(HnswLinks(graph_, row, level, capacity));
}

bool HnswBuilder::Insert(size_t n0, size_t n, const float* x, const Control& control) {
  graph_.prepare_level_tab(n);
  const size_t rows = n0 + n;
  memory_.Grow(graph_, n0, rows);

  const std::vector<int32_t> order = InsertionOrder(n0, n);
  std::vector<Plan> plans(std::min(kMaxBatch, n));
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < omp_get_max_threads(); ++i) {
    workers.push_back(std::make_unique<Worker>(new_distances_, graph_, rows));
  }

  size_t done = 0;
  while (done < n) {
    if (control.cancelled()) return false;
    const int level = graph_.levels[static_cast<size_t>(order[done])] - 1;
    if (graph_.entry_point < 0) {
      graph_.entry_point = order[done++];
      graph_.max_level = level;
      continue;
    }
    // A point above the top level becomes the entry point and must be inserted before the next point searches.
    size_t batch = level > graph_.max_level ? 1 : std::clamp<size_t>((n0 + done) / kBatchFraction, 1, kMaxBatch);
    batch = std::min(batch, n - done);
    const int32_t* points = order.data() + done;
#pragma omp parallel if (batch >= kParallelFrom)
    {
      Worker& worker = *workers[static_cast<size_t>(omp_get_thread_num())];
#pragma omp for schedule(dynamic, 1)
      for (size_t i = 0; i < batch; ++i) {
        PlanLinks(worker, points[i], x + (static_cast<size_t>(points[i]) - n0) * dim_, &plans[i]);
      }
      for (size_t i = 0; i < batch; ++i) {
        WriteLinks(worker, points[i], plans[i], omp_get_thread_num(), omp_get_num_threads());
      }
    }
    if (level > graph_.max_level) {
      graph_.max_level = level;
      graph_.entry_point = points[0];
    }
    done += batch;
    control.report(static_cast<int64_t>(done));
  }
  return true;
}

// Orders points from the highest level to the lowest, and randomly within a level, so that the order of the data does
// not matter.
std::vector<int32_t> HnswBuilder::InsertionOrder(size_t n0, size_t n) const {
  std::vector<int32_t> order(n);
  for (size_t i = 0; i < n; ++i) order[i] = static_cast<int32_t>(n0 + i);
  const auto level = [this](int32_t row) { return graph_.levels[static_cast<size_t>(row)]; };
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return level(a) > level(b); });
  faiss::RandomGenerator random(kOrderSeed);
  for (size_t begin = 0; begin < n;) {
    size_t end = begin + 1;
    while (end < n && level(order[end]) == level(order[begin])) ++end;
    for (size_t i = begin; i < end; ++i) {
      std::swap(order[i], order[i + static_cast<size_t>(random.rand_int(static_cast<int>(end - i)))]);
    }
    begin = end;
  }
  return order;
}

void HnswBuilder::PlanLinks(Worker& worker, int32_t point, const float* query, Plan* plan) const {
  worker.query->SetQuery(query);
  const int top = graph_.levels[static_cast<size_t>(point)] - 1;
  const int first = std::min(top, graph_.max_level);
  const HnswNeighbour nearest = worker.walk.Enter(*worker.query, first);
  const size_t ef = static_cast<size_t>(std::max(graph_.efConstruction, 1));
  plan->levels.assign(static_cast<size_t>(first) + 1, {});
  for (int level = first; level >= 0; --level) {
    const std::vector<HnswNeighbour>& near = worker.walk.SearchLevel(*worker.query, level, nearest, ef);
    std::vector<HnswNeighbour>& targets = plan->levels[static_cast<size_t>(level)].targets;
    const int32_t twin = Twin(worker, point, near);
    if (twin >= 0) {
      plan->levels[static_cast<size_t>(level)].one_way = true;
      CopyLinks(worker, twin, level, &targets);
      continue;
    }
    worker.candidates.clear();
    for (const HnswNeighbour& found : near) worker.candidates.push_back({found.distance, found.id, false, false});
    const size_t max_size = static_cast<size_t>(graph_.nb_neighbors(level));
    if (worker.candidates.size() >= max_size) Prune(worker, max_size);
    for (auto link = worker.candidates.rbegin(); link != worker.candidates.rend(); ++link) {
      targets.push_back({link->distance, link->id});
    }
  }
}

// Returns a row among the nearest that equals the point, or -1. worker.query has the vector of the point.
int32_t HnswBuilder::Twin(Worker& worker, int32_t point, const std::vector<HnswNeighbour>& near) const {
  float own;
  worker.query->ByIds(&point, 1, &own);
  for (const HnswNeighbour& found : near) {
    if (found.distance > own) return -1;
    if (found.distance < own) continue;
    worker.row->SetRow(found.id);
    worker.ids.assign({found.id, point});
    worker.CompareWithRow(worker.ids.data(), 2);
    if (worker.distances[0] == worker.distances[1]) return found.id;
  }
  return -1;
}

// Copies a row and half of its links, as many as are usual, so that the list of the copy has room.
void HnswBuilder::CopyLinks(Worker& worker, int32_t row, int level, std::vector<HnswNeighbour>* links) const {
  size_t capacity;
  const int32_t* from = HnswLinks(graph_, row, level, &capacity);
  worker.ids.assign(1, row);
  for (size_t i = 0; i < capacity && from[i] >= 0 && worker.ids.size() < capacity / 2; ++i) {
    worker.ids.push_back(from[i]);
  }
  worker.distances.resize(std::max(worker.distances.size(), worker.ids.size()));
  worker.query->ByIds(worker.ids.data(), worker.ids.size(), worker.distances.data());
  for (size_t i = worker.ids.size(); i-- > 0;) links->push_back({worker.distances[i], worker.ids[i]});
}

// Keeps at most max_size of worker.candidates (nearest first): those that are closer to the row itself than to every
// candidate kept before.
void HnswBuilder::Prune(Worker& worker, size_t max_size) const {
  using Candidate = Worker::Candidate;
  std::vector<Candidate>& candidates = worker.candidates;
  std::vector<Candidate>& accepted = worker.accepted;
  accepted.clear();
  const auto compare_with_row = [&] { worker.CompareWithRow(worker.ids.data(), worker.ids.size()); };
  for (size_t i = 0; i < candidates.size() && accepted.size() < max_size; ++i) {
    Candidate& candidate = candidates[i];
    if (candidate.excluded) continue;
    if (!candidate.pruned) {
      worker.row->SetRow(candidate.id);
      // In small steps, nearest first: in clustered data, the first few comparisons decide.
      constexpr size_t kStep = 8;
      for (size_t begin = 0; begin < accepted.size() && !candidate.excluded; begin += kStep) {
        worker.ids.clear();
        for (size_t j = begin; j < std::min(begin + kStep, accepted.size()); ++j) worker.ids.push_back(accepted[j].id);
        compare_with_row();
        for (size_t j = 0; j < worker.ids.size(); ++j) {
          candidate.excluded |= worker.distances[j] < candidate.distance;
        }
      }
      if (candidate.excluded) continue;
      // Later candidates kept by an earlier pruning skip this comparison in their own turn, so it is made here.
      worker.ids.clear();
      for (size_t j = i + 1; j < candidates.size(); ++j) {
        if (candidates[j].pruned && !candidates[j].excluded) worker.ids.push_back(candidates[j].id);
      }
      compare_with_row();
      for (size_t j = i + 1, k = 0; j < candidates.size(); ++j) {
        if (!candidates[j].pruned || candidates[j].excluded) continue;
        candidates[j].excluded = worker.distances[k++] < candidates[j].distance;
      }
    }
    accepted.push_back(candidate);
  }
  candidates.swap(accepted);
}

// Writes the point's own lists and adds the point to the lists of its targets. Each list belongs to one rank.
void HnswBuilder::WriteLinks(Worker& worker, int32_t point, const Plan& plan, int rank, int ranks) {
  const auto mine = [&](int32_t row) { return row % ranks == rank; };
  for (size_t level = plan.levels.size(); level-- > 0;) {
    const auto& [targets, one_way] = plan.levels[level];
    for (const HnswNeighbour& target : targets) {
      if (mine(point)) AddLink(worker, point, static_cast<int>(level), target);
      if (!one_way && mine(target.id)) AddLink(worker, target.id, static_cast<int>(level), {target.distance, point});
    }
  }
}

void HnswBuilder::AddLink(Worker& worker, int32_t row, int level, HnswNeighbour link) {
  size_t capacity;
  int32_t* links = Links(row, level, &capacity);
  float* known = level == 0 ? memory_.distances.data() + static_cast<size_t>(row) * capacity : nullptr;
  if (links[capacity - 1] < 0) {
    const auto used = [](int32_t id) { return id >= 0; };
    const size_t free = static_cast<size_t>(std::partition_point(links, links + capacity, used) - links);
    links[free] = link.id;
    if (known != nullptr) {
      known[free] = link.distance;
      memory_.CountLink(link.id);
    }
    return;
  }

  std::vector<Worker::Candidate>& candidates = worker.candidates;
  candidates.clear();
  const size_t pruned = level == 0 ? memory_.pruned[static_cast<size_t>(row)] : 0;
  if (known == nullptr || std::any_of(known, known + capacity, [](float value) { return std::isnan(value); })) {
    worker.row->SetRow(row);
    worker.CompareWithRow(links, capacity);
    known = worker.distances.data();
  }
  // The links that the last pruning kept are already sorted, farthest first.
  for (size_t i = pruned; i-- > 0;) candidates.push_back({known[i], links[i], true, false});
  for (size_t i = pruned; i < capacity; ++i) candidates.push_back({known[i], links[i], false, false});
  candidates.push_back({link.distance, link.id, false, false});
  const auto nearer = [](const Worker::Candidate& a, const Worker::Candidate& b) { return a.distance < b.distance; };
  const auto middle = candidates.begin() + static_cast<std::ptrdiff_t>(pruned);
  std::stable_sort(middle, candidates.end(), nearer);
  worker.accepted.resize(candidates.size());
  std::merge(candidates.begin(), middle, middle, candidates.end(), worker.accepted.begin(), nearer);
  candidates.swap(worker.accepted);
  if (level == 0) std::for_each(links, links + capacity, [this](int32_t id) { memory_.UncountLink(id); });
  Prune(worker, capacity);

  // Farthest first, as in FAISS.
  const size_t kept = candidates.size();
  for (size_t i = 0; i < capacity; ++i) links[i] = i < kept ? candidates[kept - 1 - i].id : -1;
  if (level != 0) return;
  float* distances = memory_.distances.data() + static_cast<size_t>(row) * capacity;
  for (size_t i = 0; i < capacity; ++i) distances[i] = i < kept ? candidates[kept - 1 - i].distance : NAN;
  for (const Worker::Candidate& candidate : candidates) memory_.CountLink(candidate.id);
  memory_.pruned[static_cast<size_t>(row)] = static_cast<uint16_t>(kept);
}

}  // namespace univar
