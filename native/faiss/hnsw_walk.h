// Walks through an HNSW graph (Malkov & Yashunin, arXiv 1603.09320, algorithm 2), shared by construction and search.
#pragma once

#include <faiss/impl/HNSW.h>
#include <faiss/impl/IDSelector.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "faiss/link_distances.h"

namespace univar {

struct HnswNeighbour {
  float distance;
  int32_t id;
};

// Scratch of one thread. Distances refer to the last query or row that was set in the QueryDistances; smaller is
// nearer.
class HnswWalk {
 public:
  // `rows` is the maximum number of rows of the graph from now on. The call is cheap if it is the same as before.
  void Prepare(const faiss::HNSW* graph, size_t rows);

  // Descends from the entry point through the levels above `level` and returns the nearest point that it finds there.
  HnswNeighbour Enter(QueryDistances& distances, int level);
  // Moves to the best neighbour until no neighbour is better.
  void Descend(QueryDistances& distances, int level, HnswNeighbour* nearest);
  // Returns the `ef` nearest points that a best-first walk from `entry` finds, nearest first.
  const std::vector<HnswNeighbour>& SearchLevel(QueryDistances& distances, int level, HnswNeighbour entry, size_t ef);
  // The same on the base level, but returns only selected points; the walk also passes through the others. It continues
  // until `ef` points are found or no point is left.
  const std::vector<HnswNeighbour>& SearchSelected(QueryDistances& distances, HnswNeighbour entry, size_t ef,
                                                   const faiss::IDSelector& selector);

 private:
  bool Visit(int32_t id);
  void ForgetVisits();
  // Lists the neighbours of a row that were not visited before.
  void Unvisited(int32_t row, int level, std::vector<int32_t>* ids);
  // Until take() returns false: take() lists the neighbours of the next row in `ahead_`, keep() gets each of them with
  // its distance. While the neighbours of one row are compared, those of the row after it come from memory.
  template <typename Take, typename Keep>
  void Walk(QueryDistances& distances, Take take, Keep keep);
  const float* Compare(QueryDistances& distances, const int32_t* rows, size_t count);
  void PrefetchOffset(int32_t row) const;
  void PrefetchLinks(int32_t row, int level) const;

  const faiss::HNSW* graph_ = nullptr;
  std::vector<uint16_t> visited_;
  uint16_t epoch_ = 0;
  std::vector<HnswNeighbour> results_;
  std::vector<HnswNeighbour> frontier_;  // heap of SearchSelected
  std::vector<int32_t> ids_, ahead_;
  std::vector<float> compared_;
};

// Returns the list of a row on a level. It has `capacity` places; unused places at the end are -1.
inline const int32_t* HnswLinks(const faiss::HNSW& graph, int32_t row, int level, size_t* capacity) {
  const int* places = graph.cum_nneighbor_per_level.data() + level;
  *capacity = static_cast<size_t>(places[1] - places[0]);
  return graph.neighbors.data() + graph.offsets[static_cast<size_t>(row)] + places[0];
}

}  // namespace univar
