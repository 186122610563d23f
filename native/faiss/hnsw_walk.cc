#include "faiss/hnsw_walk.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/prefetch.h"

namespace univar {
namespace {

// Marks expanded rows in the top bit of their ids. Each row is expanded once per search.
constexpr int32_t kExpanded = std::numeric_limits<int32_t>::min();

bool NearerThan(float value, const HnswNeighbour& entry) { return value < entry.distance; }
bool Farther(const HnswNeighbour& a, const HnswNeighbour& b) { return a.distance > b.distance; }

}  // namespace

void HnswWalk::Prepare(const faiss::HNSW* graph, size_t rows) {
  graph_ = graph;
  if (visited_.size() < rows) visited_.resize(rows, 0);
}

bool HnswWalk::Visit(int32_t id) { return std::exchange(visited_[static_cast<size_t>(id)], epoch_) != epoch_; }

void HnswWalk::ForgetVisits() {
  if (++epoch_ != 0) return;
  std::fill(visited_.begin(), visited_.end(), 0);
  epoch_ = 1;
}

const float* HnswWalk::Compare(QueryDistances& distances, const int32_t* rows, size_t count) {
  compared_.resize(std::max(compared_.size(), count));
  distances.ByIds(rows, count, compared_.data());
  return compared_.data();
}

// Prefetches what tells where the list of a row is.
void HnswWalk::PrefetchOffset(int32_t row) const {
  PrefetchBytes(graph_->offsets.data() + static_cast<size_t>(row), sizeof(size_t));
}

// Prefetches a list, which is read later when its row is expanded.
void HnswWalk::PrefetchLinks(int32_t row, int level) const {
  size_t capacity;
  const int32_t* links = HnswLinks(*graph_, row, level, &capacity);
  PrefetchBytes(links, capacity * sizeof(int32_t));
}

HnswNeighbour HnswWalk::Enter(QueryDistances& distances, int level) {
  HnswNeighbour nearest{0.0f, graph_->entry_point};
  nearest.distance = *Compare(distances, &nearest.id, 1);
  for (int above = graph_->max_level; above > level; --above) Descend(distances, above, &nearest);
  return nearest;
}

void HnswWalk::Descend(QueryDistances& distances, int level, HnswNeighbour* nearest) {
  for (;;) {
    size_t capacity;
    const int32_t* links = HnswLinks(*graph_, nearest->id, level, &capacity);
    const size_t count = static_cast<size_t>(std::find(links, links + capacity, -1) - links);
    const float* compared = Compare(distances, links, count);
    const int32_t before = nearest->id;
    for (size_t i = 0; i < count; ++i) {
      if (compared[i] < nearest->distance) *nearest = {compared[i], links[i]};
    }
    if (nearest->id == before) return;
  }
}

void HnswWalk::Unvisited(int32_t row, int level, std::vector<int32_t>* ids) {
  size_t capacity;
  const int32_t* links = HnswLinks(*graph_, row, level, &capacity);
  ids->resize(capacity);
  size_t count = 0;
  for (size_t i = 0; i < capacity && links[i] >= 0; ++i) {
    (*ids)[count] = links[i];
    count += Visit(links[i]) ? 1 : 0;
  }
  ids->resize(count);
}

template <typename Take, typename Keep>
void HnswWalk::Walk(QueryDistances& distances, Take take, Keep keep) {
  for (bool more = take(); more;) {
    ids_.swap(ahead_);
    more = take();
    if (more) distances.Prefetch(ahead_.data(), ahead_.size());
    const float* compared = Compare(distances, ids_.data(), ids_.size());
    for (size_t i = 0; i < ids_.size(); ++i) keep(HnswNeighbour{compared[i], ids_[i]});
    more = more || take();
  }
}

const std::vector<HnswNeighbour>& HnswWalk::SearchLevel(QueryDistances& distances, int level, HnswNeighbour entry,
                                                        size_t ef) {
  ForgetVisits();
  Visit(entry.id);
  results_.assign(1, entry);
  size_t next = 0;  // all results before this position are expanded
  const auto is_expanded = [this](size_t position) { return results_[position].id < 0; };
  const auto skip_expanded = [&](size_t position) {
    while (position < results_.size() && is_expanded(position)) ++position;
    return position;
  };
  const auto take = [&] {
    next = skip_expanded(next);
    if (next == results_.size()) return false;
    Unvisited(results_[next].id, level, &ahead_);
    results_[next].id |= kExpanded;
    const size_t after = skip_expanded(next + 1);  // most likely taken after this one
    if (after < results_.size()) PrefetchLinks(results_[after].id, level);
    return true;
  };
  Walk(distances, take, [&](HnswNeighbour found) {
    if (results_.size() >= ef) {
      if (!(found.distance < results_.back().distance)) return;
      results_.pop_back();
    }
    const auto place = std::upper_bound(results_.begin(), results_.end(), found.distance, NearerThan);
    next = std::min(next, static_cast<size_t>(place - results_.begin()));
    results_.insert(place, found);
    PrefetchOffset(found.id);
  });
  for (HnswNeighbour& found : results_) found.id &= ~kExpanded;
  return results_;
}

const std::vector<HnswNeighbour>& HnswWalk::SearchSelected(QueryDistances& distances, HnswNeighbour entry, size_t ef,
                                                           const faiss::IDSelector& selector) {
  ForgetVisits();
  Visit(entry.id);
  frontier_.assign(1, entry);
  results_.clear();
  if (selector.is_member(entry.id)) results_.push_back(entry);
  const auto is_enough = [&](float distance) { return results_.size() >= ef && distance >= results_.back().distance; };
  const auto take = [&] {
    if (frontier_.empty() || is_enough(frontier_.front().distance)) return false;
    std::pop_heap(frontier_.begin(), frontier_.end(), Farther);
    Unvisited(frontier_.back().id, 0, &ahead_);
    frontier_.pop_back();
    if (!frontier_.empty()) PrefetchLinks(frontier_.front().id, 0);
    return true;
  };
  Walk(distances, take, [&](HnswNeighbour found) {
    if (is_enough(found.distance)) return;
    frontier_.push_back(found);
    std::push_heap(frontier_.begin(), frontier_.end(), Farther);
    PrefetchOffset(found.id);
    if (!selector.is_member(found.id)) return;
    if (results_.size() >= ef) results_.pop_back();
    results_.insert(std::upper_bound(results_.begin(), results_.end(), found.distance, NearerThan), found);
  });
  return results_;
}

}  // namespace univar
