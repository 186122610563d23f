// Walks through an HNSW graph (Malkov & Yashunin, arXiv 1603.09320, algorithm 2), which construction and search share.
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

// Scratch of one thread. Distances are to the query or row that the QueryDistances were given last, smaller is nearer.
class HnswWalk {
 public:
  // `rows` is how many the graph may have from now on; cheap where it was as many before.
  void Prepare(const faiss::HNSW* graph, size_t rows);

  // From the entry point down to `level`, which it does not search: the nearest point that each level above leads to.
  HnswNeighbour Enter(QueryDistances& distances, int level);
  // Moves to the best neighbour as long as there is a better one.
  void Descend(QueryDistances& distances, int level, HnswNeighbour* nearest);
  // The `ef` nearest points that a best-first walk from `entry` finds, nearest first.
  const std::vector<HnswNeighbour>& SearchLevel(QueryDistances& distances, int level, HnswNeighbour entry, size_t ef);
  // The same on the base level of those that are selected; the others are passed through. Goes on until `ef` are found
  // or no point is left.
  const std::vector<HnswNeighbour>& SearchSelected(QueryDistances& distances, HnswNeighbour entry, size_t ef,
                                                   const faiss::IDSelector& selector);

 private:
  bool Visit(int32_t id);
  void ForgetVisits();
  // The neighbours of a row that were not visited before, compared: `ids_` and `compared_`.
  size_t Expand(QueryDistances& distances, int32_t row, int level);
  const float* Compare(QueryDistances& distances, const int32_t* rows, size_t count);
  void PrefetchLinks(int32_t row, int level) const;

  const faiss::HNSW* graph_ = nullptr;
  std::vector<uint16_t> visited_;
  uint16_t epoch_ = 0;
  std::vector<HnswNeighbour> results_;
  std::vector<HnswNeighbour> frontier_;  // of SearchSelected, a heap
  std::vector<int32_t> ids_;
  std::vector<float> compared_;
};

// The list of a row on a level: `capacity` places, unused ones at the end are -1.
inline const int32_t* HnswLinks(const faiss::HNSW& graph, int32_t row, int level, size_t* capacity) {
  const int* places = graph.cum_nneighbor_per_level.data() + level;
  *capacity = static_cast<size_t>(places[1] - places[0]);
  return graph.neighbors.data() + graph.offsets[static_cast<size_t>(row)] + places[0];
}

}  // namespace univar
