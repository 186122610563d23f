// Construction of an HNSW graph (Malkov & Yashunin, arXiv 1603.09320) in FAISS's own data structures, so FAISS can
// search and store the result. The algorithm is that of FAISS: levels, insertion order, candidate search with
// efConstruction, and pruning of full neighbour lists. The implementation differs in two ways:
//
// - Points are inserted in batches. All points of a batch search the graph as it was before the batch, in parallel and
//   without locks. Then the links are written, each list by one thread and in batch order, so the graph does not depend
//   on the number of threads. A batch has at most 1/64 as many points as the graph, so few neighbours are missed
//   because they are in the same batch. Batches of one point give the same links as FAISS's sequential construction.
// - The builder remembers the distance of each link on the base level, and how many links of a list the last pruning
//   kept; those links are known not to exclude each other. Adding to a full list then needs only comparisons of the new
//   link with the others instead of comparisons of all pairs.
#pragma once

#include <faiss/impl/HNSW.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/control.h"
#include "faiss/hnsw_walk.h"
#include "faiss/link_distances.h"

namespace univar {

// State of the base level that the builder keeps between calls. It can be dropped at any time: a list without this
// information is compared in full the next time it overflows.
struct HnswLinkMemory {
  std::vector<float> distances;  // parallel to the base-level lists, row by row; NaN where unknown
  std::vector<uint16_t> pruned;  // per row: number of links at the front of its list that the last pruning kept
};

class HnswBuilder {
 public:
  using NewDistances = std::function<std::unique_ptr<LinkDistances>()>;

  // The distances must cover the rows that will be inserted.
  HnswBuilder(faiss::HNSW* graph, HnswLinkMemory* memory, NewDistances new_distances, size_t dim);

  // Inserts rows n0 .. n0 + n - 1 with the vectors x: [n, dim]. Returns false if it was cancelled; the graph is then
  // unfinished and must be discarded.
  bool Insert(size_t n0, size_t n, const float* x, const Control& control);

 private:
  struct Worker;  // scratch of one thread
  // The links that one point of a batch requests: per level, farthest first.
  struct Plan {
    std::vector<std::vector<HnswNeighbour>> targets;
  };

  std::vector<int32_t> InsertionOrder(size_t n0, size_t n) const;
  void PlanLinks(Worker& worker, int32_t point, const float* query, Plan* plan) const;
  void WriteLinks(Worker& worker, int32_t point, const Plan& plan, int rank, int ranks);
  void AddLink(Worker& worker, int32_t row, int level, HnswNeighbour link);
  void Prune(Worker& worker, size_t max_size) const;
  int32_t* Links(int32_t row, int level, size_t* capacity) const;

  faiss::HNSW& graph_;
  HnswLinkMemory& memory_;
  NewDistances new_distances_;
  size_t dim_;
};

}  // namespace univar
