// What construction remembers about the links on the base level of a graph.
#pragma once

#include <faiss/impl/HNSW.h>

#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace univar {

// State that is kept between additions. It can be dropped at any time: a list without distances is compared in full the
// next time it overflows, and the incoming links are counted again.
struct HnswLinkMemory {
  std::vector<float> distances;    // parallel to the base-level lists, row by row; NaN where unknown
  std::vector<uint16_t> pruned;    // per row: number of links at the front of its list that the last pruning kept
  std::vector<uint32_t> incoming;  // per row: number of lists that contain it
  size_t unchecked = 0;            // rows added since HnswRepair last walked through the graph

  // Grows to `rows`, of which the graph already links the first `linked`.
  void Grow(const faiss::HNSW& graph, size_t linked, size_t rows);
  // Forgets what belongs to rows that were taken back.
  void Trim(size_t rows, size_t links_per_row);
  size_t bytes() const;

  // Several threads can count links at once.
  void CountLink(int32_t row) { Incoming(row).fetch_add(1, std::memory_order_relaxed); }
  void UncountLink(int32_t row) { Incoming(row).fetch_sub(1, std::memory_order_relaxed); }

 private:
  std::atomic_ref<uint32_t> Incoming(int32_t row) { return std::atomic_ref(incoming[static_cast<size_t>(row)]); }
};

}  // namespace univar
