// Construction of an HNSW graph (Malkov & Yashunin, arXiv 1603.09320) on FAISS's own data structures, so that FAISS
// searches and stores the result. The rules are FAISS's: levels, insertion order, candidate search with efConstruction,
// pruning of full neighbour lists. What differs is how the work is done:
//
// - Points are inserted in batches. All points of a batch search the graph as it was before the batch, in parallel and
//   without locks; then links are written, each list by one thread and in batch order. The graph therefore does not
//   depend on the number of threads. A batch is at most 1/64 of the points already there, so that few neighbours
//   are missed because they are in the same batch; a batch of one reproduces FAISS's sequential graph link for link.
// - The distance of each link on the base level is remembered, and how much of a list the last pruning has left: such
//   links are known not to exclude each other. A full list then costs one comparison of the new link with the
//   others instead of all pairs.
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

// What the builder remembers of the base level between two calls. It can be dropped at any time: a list of which
// nothing is known is compared in full the next time it overflows.
struct HnswLinkMemory {
  std::vector<float> distances;  // parallel to the base-level lists, row by row; NaN where unknown
  std::vector<uint16_t> pruned;  // per row: how many links at the front of its list the last pruning left
};

class HnswBuilder {
 public:
  using NewDistances = std::function<std::unique_ptr<LinkDistances>()>;

  // The distances must know the rows that will be inserted.
  HnswBuilder(faiss::HNSW* graph, HnswLinkMemory* memory, NewDistances new_distances, size_t dim);

  // Inserts rows n0 .. n0 + n - 1, whose vectors are x: [n, dim]. False when it was cancelled; the graph is then
  // unfinished and must be thrown away.
  bool Insert(size_t n0, size_t n, const float* x, const Control& control);

 private:
  struct Worker;  // scratch of one thread
  // The links that one point of a batch wants: per level, farthest first.
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
