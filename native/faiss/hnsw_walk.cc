#include "faiss/hnsw_walk.h"

#include <algorithm>
#include <limits>
#include <utility>

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

// Prefetches a list, which is read later when its row is expanded.
void HnswWalk::PrefetchLinks(int32_t row, int level) const {
  constexpr size_t kLine = 64 / sizeof(int32_t);
  size_t capacity;
  const int32_t* links = HnswLinks(*graph_, row, level, &capacity);
  for (size_t i = 0; i < capacity; i += kLine) __builtin_prefetch(links + i);
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

size_t HnswWalk::Expand(QueryDistances& distances, int32_t row, int level) {
  size_t capacity;
  const int32_t* links = HnswLinks(*graph_, row, level, &capacity);
  ids_.resize(std::max(ids_.size(), capacity));
  size_t count = 0;
  for (size_t i = 0; i < capacity && links[i] >= 0; ++i) {
    ids_[count] = links[i];
    count += Visit(links[i]) ? 1 : 0;
  }
  Compare(distances, ids_.data(), count);
  return count;
}

const std::vector<HnswNeighbour>& HnswWalk::SearchLevel(QueryDistances& distances, int level, HnswNeighbour entry,
                                                        size_t ef) {
  ForgetVisits();
  Visit(entry.id);
  results_.assign(1, entry);
  // All entries before this position are expanded.
  size_t next = 0;
  while (next < results_.size()) {
    if (results_[next].id < 0) {
      ++next;
      continue;
    }
    const int32_t row = results_[next].id;
    results_[next].id |= kExpanded;
    const size_t count = Expand(distances, row, level);
    for (size_t i = 0; i < count; ++i) {
      const float distance = compared_[i];
      if (results_.size() >= ef) {
        if (!(distance < results_.back().distance)) continue;
        results_.pop_back();
      }
      const auto place = std::upper_bound(results_.begin(), results_.end(), distance, NearerThan);
      next = std::min(next, static_cast<size_t>(place - results_.begin()));
      results_.insert(place, {distance, ids_[i]});
      PrefetchLinks(ids_[i], level);
    }
  }
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
  while (!frontier_.empty()) {
    const HnswNeighbour nearest = frontier_.front();
    if (results_.size() >= ef && nearest.distance > results_.back().distance) break;
    std::pop_heap(frontier_.begin(), frontier_.end(), Farther);
    frontier_.pop_back();
    const size_t count = Expand(distances, nearest.id, 0);
    for (size_t i = 0; i < count; ++i) {
      const HnswNeighbour found{compared_[i], ids_[i]};
      const bool full = results_.size() >= ef;
      if (full && !(found.distance < results_.back().distance)) continue;
      frontier_.push_back(found);
      std::push_heap(frontier_.begin(), frontier_.end(), Farther);
      PrefetchLinks(found.id, 0);
      if (!selector.is_member(found.id)) continue;
      if (full) results_.pop_back();
      results_.insert(std::upper_bound(results_.begin(), results_.end(), found.distance, NearerThan), found);
    }
  }
  return results_;
}

}  // namespace univar
