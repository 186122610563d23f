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

bool HnswWalk::TakeNearest(int level, size_t* next) {
  while (*next < results_.size() && results_[*next].id < 0) ++*next;
  if (*next == results_.size()) return false;
  const int32_t row = results_[*next].id;
  results_[(*next)++].id |= kExpanded;
  for (size_t i = *next; i < results_.size(); ++i) {
    if (results_[i].id < 0) continue;
    PrefetchLinks(results_[i].id, level);  // the row that is taken after this one, most likely
    break;
  }
  Unvisited(row, level, &ahead_);
  return true;
}

const std::vector<HnswNeighbour>& HnswWalk::SearchLevel(QueryDistances& distances, int level, HnswNeighbour entry,
                                                        size_t ef) {
  ForgetVisits();
  Visit(entry.id);
  results_.assign(1, entry);
  // All entries before this position are expanded.
  size_t next = 0;
  // While the neighbours of one row are compared, those of the row after it come from memory.
  for (bool more = TakeNearest(level, &next); more;) {
    ids_.swap(ahead_);
    more = TakeNearest(level, &next);
    if (more) distances.Prefetch(ahead_.data(), ahead_.size());
    const float* compared = Compare(distances, ids_.data(), ids_.size());
    for (size_t i = 0; i < ids_.size(); ++i) {
      const float distance = compared[i];
      if (results_.size() >= ef) {
        if (!(distance < results_.back().distance)) continue;
        results_.pop_back();
      }
      const auto place = std::upper_bound(results_.begin(), results_.end(), distance, NearerThan);
      next = std::min(next, static_cast<size_t>(place - results_.begin()));
      results_.insert(place, {distance, ids_[i]});
      __builtin_prefetch(&graph_->offsets[static_cast<size_t>(ids_[i])]);
    }
    more = more || TakeNearest(level, &next);
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
    Unvisited(nearest.id, 0, &ids_);
    const float* compared = Compare(distances, ids_.data(), ids_.size());
    for (size_t i = 0; i < ids_.size(); ++i) {
      const HnswNeighbour found{compared[i], ids_[i]};
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
