// Construction of an HNSW graph (Malkov & Yashunin, arXiv 1603.09320) in FAISS's own data structures, so FAISS can
// search and store the result. The algorithm is that of FAISS: levels, insertion order, candidate search with
// efConstruction, and pruning of full neighbour lists. It differs in three ways:
//
// - Points are inserted in batches. All points of a batch search the graph as it was before the batch, in parallel and
//   without locks. Then the links are written, each list by one thread and in batch order, so the graph does not depend
//   on the number of threads. A batch has at most 1/64 as many points as the graph, so few neighbours are missed
//   because they are in the same batch. Batches of one point give the same links as FAISS's sequential construction.
// - The builder remembers the distance of each link on the base level, and how many links of a list the last pruning
//   kept; those links are known not to exclude each other. Adding to a full list then needs only comparisons of the new
//   link with the others instead of comparisons of all pairs.
// - A row that equals one in the graph gets that row and copies of its links, and no list gets a link to it (but see
//   HnswRepair). Otherwise, a text that occurs a thousand times fills the lists of all its copies, and a search that
//   arrives there cannot leave.
//
// HnswRepair then links the rows that searches cannot find.
#pragma once

#include <faiss/impl/HNSW.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/control.h"
#include "faiss/hnsw_links.h"
#include "faiss/hnsw_walk.h"
#include "faiss/link_distances.h"

namespace univar {

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
  // The links that one point of a batch requests on one level.
  struct LevelPlan {
    std::vector<HnswNeighbour> targets;  // farthest first
    bool one_way = false;                // the targets do not link back
  };
  struct Plan {
    std::vector<LevelPlan> levels;
  };

  std::vector<int32_t> InsertionOrder(size_t n0, size_t n) const;
  void PlanLinks(Worker& worker, int32_t point, const float* query, Plan* plan) const;
  int32_t Twin(Worker& worker, int32_t point, const std::vector<HnswNeighbour>& near) const;
  void CopyLinks(Worker& worker, int32_t row, int level, std::vector<HnswNeighbour>* links) const;
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
