// Keeps the rows of an HNSW graph findable. Pruning drops links to rows that are far from everything else, and whole
// clusters, or clouds of rows near the mean, can lose their last link from outside or to it. A row is called lost if a
// search for its own vector finds neither the row nor anything as near. Lost rows get links from the rows that such a
// search finds instead.
//
// Checking every row would take a large part of the time of construction. So every addition checks the rows that are
// likely to be lost, and a sample; only if too many of the sample are lost, it checks all rows.
#pragma once

#include <faiss/impl/HNSW.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/control.h"
#include "faiss/hnsw_links.h"
#include "faiss/hnsw_walk.h"

namespace univar {

// Candidates of a search for a row. Fewer miss a few rows of any graph, which linking them again does not change.
inline constexpr int kSelfSearchCandidates = 64;

// What one thread needs to search a graph for its own rows.
struct HnswSearcher {
  std::unique_ptr<LinkDistances> distances;  // as searches compute them
  std::unique_ptr<HnswWalk> walk;
};

class HnswRepair {
 public:
  // One searcher per thread.
  HnswRepair(faiss::HNSW* graph, HnswLinkMemory* memory, std::vector<HnswSearcher>* searchers)
      : graph_(*graph), memory_(*memory), searchers_(*searchers) {}

  // Rows n0 .. n0 + n - 1 were added last. Returns false if it was cancelled. The result does not depend on the number
  // of threads. If it throws, the graph is valid all the same.
  bool AfterAddition(size_t n0, size_t n, const Control& control);

 private:
  // Rows to which no list leads.
  std::vector<int32_t> Unlinked() const;
  // Links each row to which no path leads on the base level, from any row of a higher level.
  void LinkUnreachable();
  // Returns the rows that are lost, in order.
  std::vector<int32_t> Lost(const std::vector<int32_t>& rows) const;
  // Links the rows that are lost and returns their number; -1 if it was cancelled.
  int64_t Mend(const std::vector<int32_t>& rows, const Control& control);
  // A search for the vector of a row.
  struct Search {
    const std::vector<HnswNeighbour>* near;  // valid until the next search
    float own;                               // the distance of the row from itself, not 0 for inner products
    bool found;                              // the row, or one that is as near
  };
  Search SearchFor(HnswSearcher& searcher, int32_t row) const;
  bool IsFound(HnswSearcher& searcher, int32_t row) const;
  // Adds links to a row until a search finds it. Returns false if one does already.
  bool LinkIfLost(int32_t row);
  // The same; but if a search finds the row or one that is as near, adds one link: from an equal row if there is one,
  // so that a search finds all equal rows, otherwise wherever there is room.
  void Link(int32_t row);
  // Adds one link to a list, instead of the most redundant one if `displace`. Returns false if there is no room.
  bool AddLink(HnswNeighbour from, int32_t row, bool displace);
  // Returns the place of the link that is nearest to another one of the list, compared with its distance from the row
  // of the list, among the links to rows that others link to as well; `count` if there is none.
  size_t Redundant(int32_t row, const int32_t* links, size_t count);
  uint32_t Incoming(int32_t row) const { return memory_.incoming[static_cast<size_t>(row)]; }

  faiss::HNSW& graph_;
  HnswLinkMemory& memory_;
  std::vector<HnswSearcher>& searchers_;
};

}  // namespace univar
