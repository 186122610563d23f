#include "faiss/hnsw_repair.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/random.h"

namespace univar {
namespace {

constexpr size_t kSample = 1024;      // rows that a large addition checks
constexpr size_t kSampleShare = 4;    // of fewer than 4 x kSample rows, it checks only this part, as checking one row
                                      // takes as long as adding one
constexpr size_t kLeastSample = 64;   // but at least as many
constexpr size_t kLostPerRows = 256;  // if more than one of so many rows in the sample is lost, all are checked
constexpr size_t kOldRows = 2;        // older rows that a small addition checks for each new one
constexpr size_t kMoreChecks = 64;    // further rows that a small addition checks for each lost one
constexpr size_t kMaxChecks = 256;    // rows that a small addition checks
constexpr size_t kLargeShare = 64;    // an addition is large if it is at least this part of the rows
constexpr size_t kParallelFrom = 64;  // fewer rows are not worth waking a team
constexpr size_t kBlock = 1024;       // rows that are checked before the lost ones of them are linked
constexpr int kLinks = 4;             // links that a lost row gets at most
constexpr uint32_t kDispensable = 2;  // links to a row from which on one can be displaced
constexpr uint64_t kSampleSeed = 4711;

}  // namespace

bool HnswRepair::AfterAddition(size_t n0, size_t n, const Control& control) {
  const size_t rows = n0 + n;
  for (const int32_t row : Unlinked()) {
    if (control.cancelled()) return false;
    Link(row);
  }
  memory_.unchecked += n;
  if (memory_.unchecked >= rows / kLargeShare) {
    LinkUnreachable();
    memory_.unchecked = 0;
  }

  SplitMix64 random(kSampleSeed + rows);
  const auto any = [&](size_t count) { return static_cast<int32_t>(random.Below(count)); };
  std::vector<int32_t> chosen;
  if (n >= rows / kLargeShare) {
    chosen.resize(std::clamp(rows / kSampleShare, std::min(kLeastSample, rows), kSample));
    for (int32_t& row : chosen) row = any(rows);
    // Links that the lost rows get can make others lost. Stops if that goes on.
    for (int64_t before = std::numeric_limits<int64_t>::max();;) {
      const int64_t lost = Mend(chosen, control);
      if (lost < 0) return false;
      if (static_cast<size_t>(lost) * kLostPerRows <= chosen.size()) return true;
      if (chosen.size() == rows && lost > before / 2) return true;
      if (chosen.size() == rows) before = lost;
      chosen.resize(rows);
      std::iota(chosen.begin(), chosen.end(), 0);
    }
  }
  // The new rows and some older ones, and more while some of them are lost.
  for (size_t i = 0; i < std::min(n, kMaxChecks); ++i) {
    chosen.push_back(static_cast<int32_t>(n0 + i));
    for (size_t j = 0; j < kOldRows; ++j) chosen.push_back(any(n0));
  }
  for (size_t checked = 0; !chosen.empty() && checked < kMaxChecks;) {
    checked += chosen.size();
    const int64_t lost = Mend(chosen, control);
    if (lost < 0) return false;
    chosen.resize(static_cast<size_t>(lost) * kMoreChecks);
    for (int32_t& row : chosen) row = any(rows);
  }
  return true;
}

std::vector<int32_t> HnswRepair::Unlinked() const {
  std::vector<int32_t> rows;
  auto at = memory_.incoming.begin();
  while ((at = std::find(at, memory_.incoming.end(), 0u)) != memory_.incoming.end()) {
    const auto row = static_cast<int32_t>(at++ - memory_.incoming.begin());
    if (row != graph_.entry_point) rows.push_back(row);
  }
  return rows;
}

void HnswRepair::LinkUnreachable() {
  const size_t rows = memory_.incoming.size();
  std::vector<uint8_t> reached(rows, 0);
  std::vector<int32_t> open;
  const auto reach = [&](int32_t row) {
    uint8_t& mark = reached[static_cast<size_t>(row)];
    if (mark == 0) open.push_back(row);
    mark = 1;
  };
  const auto follow = [&] {
    while (!open.empty()) {
      const int32_t row = open.back();
      open.pop_back();
      size_t capacity;
      const int32_t* links = HnswLinks(graph_, row, 0, &capacity);
      for (size_t i = 0; i < capacity && links[i] >= 0; ++i) reach(links[i]);
    }
  };
  reach(graph_.entry_point);
  for (size_t row = 0; row < rows; ++row) {
    if (graph_.levels[row] > 1) reach(static_cast<int32_t>(row));
  }
  follow();
  for (size_t row = 0; row < rows; ++row) {
    if (reached[row] != 0) continue;
    Link(static_cast<int32_t>(row));
    reach(static_cast<int32_t>(row));
    follow();
  }
}

std::vector<int32_t> HnswRepair::Lost(const std::vector<int32_t>& rows) const {
  std::vector<uint8_t> found(rows.size(), 0);
#pragma omp parallel if (rows.size() >= kParallelFrom)
  {
    HnswSearcher& searcher = searchers_[static_cast<size_t>(omp_get_thread_num())];
#pragma omp for schedule(dynamic, 8)
    for (size_t i = 0; i < rows.size(); ++i) found[i] = IsFound(searcher, rows[i]) ? 1 : 0;
  }
  std::vector<int32_t> lost;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (found[i] == 0) lost.push_back(rows[i]);
  }
  return lost;
}

int64_t HnswRepair::Mend(const std::vector<int32_t>& rows, const Control& control) {
  int64_t mended = 0;
  for (size_t begin = 0; begin < rows.size(); begin += kBlock) {
    if (control.cancelled()) return -1;
    const auto first = rows.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto count = static_cast<std::ptrdiff_t>(std::min(kBlock, rows.size() - begin));
    // A link to an earlier one may lead to a later one too.
    for (const int32_t row : Lost({first, first + count})) mended += LinkIfLost(row) ? 1 : 0;
  }
  return mended;
}

HnswRepair::Search HnswRepair::SearchFor(HnswSearcher& searcher, int32_t row) const {
  searcher.distances->SetRow(row);
  Search search;
  searcher.distances->ByIds(&row, 1, &search.own);
  const HnswNeighbour entry = searcher.walk->Enter(*searcher.distances, 0);
  search.near = &searcher.walk->SearchLevel(*searcher.distances, 0, entry, kSelfSearchCandidates);
  search.found = search.near->front().distance <= search.own ||
                 std::any_of(search.near->begin(), search.near->end(),
                             [row](const HnswNeighbour& neighbour) { return neighbour.id == row; });
  return search;
}

bool HnswRepair::IsFound(HnswSearcher& searcher, int32_t row) const { return SearchFor(searcher, row).found; }

bool HnswRepair::LinkIfLost(int32_t row) {
  HnswSearcher& searcher = searchers_.front();
  const Search search = SearchFor(searcher, row);
  if (search.found) return false;
  // Links from rows that a search for this one passes through. Those of a wider search may be better places, but a
  // narrow one need not come there.
  const std::vector<HnswNeighbour> near = *search.near;
  int added = 0;
  for (const bool displace : {false, true}) {
    for (const HnswNeighbour& from : near) {
      if (!AddLink(from, row, displace)) continue;
      if (IsFound(searcher, row) || ++added == kLinks) return true;
    }
  }
  return true;
}

void HnswRepair::Link(int32_t row) {
  if (LinkIfLost(row)) return;
  const Search search = SearchFor(searchers_.front(), row);
  const std::vector<HnswNeighbour> near = *search.near;
  const auto equal = [&](const HnswNeighbour& from) { return from.distance == search.own; };
  // Prefers rows to which few lists lead: their own lists rarely grow. In the list of a popular row, which grows and is
  // pruned all the time, the link would soon be lost again.
  HnswNeighbour best{NAN, -1};
  const auto consider = [&](HnswNeighbour from) {
    size_t capacity;
    const int32_t* links = HnswLinks(graph_, from.id, 0, &capacity);
    if (from.id == row || links[capacity - 1] >= 0 || std::find(links, links + capacity, row) != links + capacity)
      return;
    if (best.id < 0 || Incoming(from.id) < Incoming(best.id)) best = from;
  };
  for (const HnswNeighbour& from : near) {
    if (equal(from)) consider(from);
  }
  if (best.id >= 0) {
    AddLink(best, row, false);
    return;
  }
  for (const HnswNeighbour& from : near) {
    if (equal(from) && AddLink(from, row, true)) return;
  }
  for (const HnswNeighbour& from : near) {
    consider(from);
    size_t capacity;
    const int32_t* links = HnswLinks(graph_, from.id, 0, &capacity);
    for (size_t i = 0; i < capacity && links[i] >= 0; ++i) consider({NAN, links[i]});
  }
  if (best.id >= 0) {
    AddLink(best, row, false);
    return;
  }
  for (const HnswNeighbour& from : near) {
    if (AddLink(from, row, true)) return;
  }
}

bool HnswRepair::AddLink(HnswNeighbour from, int32_t row, bool displace) {
  if (from.id == row) return false;
  size_t capacity;
  auto* links = const_cast<int32_t*>(HnswLinks(graph_, from.id, 0, &capacity));
  if (std::find(links, links + capacity, row) != links + capacity) return false;
  size_t place = static_cast<size_t>(std::find(links, links + capacity, -1) - links);
  if (place == capacity) {
    if (!displace) return false;
    place = Redundant(from.id, links, capacity);
    if (place == capacity) return false;
    memory_.UncountLink(links[place]);
  }
  links[place] = row;
  memory_.CountLink(row);
  memory_.distances[static_cast<size_t>(from.id) * capacity + place] = from.distance;
  // What the last pruning has found out about links is no longer true from here on.
  uint16_t& pruned = memory_.pruned[static_cast<size_t>(from.id)];
  pruned = std::min(pruned, static_cast<uint16_t>(place));
  return true;
}

size_t HnswRepair::Redundant(int32_t row, const int32_t* links, size_t count) {
  QueryDistances& distances = *searchers_.front().distances;
  std::vector<int32_t> ids(links, links + count);
  ids.push_back(row);
  const size_t size = ids.size();
  std::vector<float> all(size * size);
  for (size_t i = 0; i < size; ++i) {
    searchers_.front().distances->SetRow(ids[i]);
    distances.ByIds(ids.data(), size, all.data() + i * size);
  }
  // Squared Euclidean distances, times 2, for inner products as well.
  const auto euclidean = [&](size_t i, size_t j) {
    return 2 * all[i * size + j] - all[i * size + i] - all[j * size + j];
  };
  size_t least = count;
  float least_ratio = std::numeric_limits<float>::max();
  for (size_t i = 0; i < count; ++i) {
    if (Incoming(links[i]) < kDispensable) continue;
    float nearest = std::numeric_limits<float>::max();
    for (size_t j = 0; j < count; ++j) nearest = j == i ? nearest : std::min(nearest, euclidean(j, i));
    const float ratio = nearest / std::max(euclidean(count, i), std::numeric_limits<float>::min());
    if (least < count && !(ratio < least_ratio)) continue;
    least = i;
    least_ratio = ratio;
  }
  return least;
}

}  // namespace univar
