#include "faiss/hnsw_links.h"

#include "faiss/hnsw_walk.h"

namespace univar {

void HnswLinkMemory::Grow(const faiss::HNSW& graph, size_t linked, size_t rows) {
  distances.resize(rows * static_cast<size_t>(graph.nb_neighbors(0)), NAN);
  pruned.resize(rows, 0);
  const bool counted = incoming.size() == linked;
  if (!counted) incoming.clear();
  incoming.resize(rows, 0);
  if (counted) return;
  for (size_t row = 0; row < linked; ++row) {
    size_t capacity;
    const int32_t* links = HnswLinks(graph, static_cast<int32_t>(row), 0, &capacity);
    for (size_t i = 0; i < capacity && links[i] >= 0; ++i) CountLink(links[i]);
  }
}

void HnswLinkMemory::Trim(size_t rows, size_t links_per_row) {
  if (pruned.size() <= rows) return;
  // The lists of the remaining rows are about to be restored, and nothing is known about them.
  distances.assign(rows * links_per_row, NAN);
  pruned.assign(rows, 0);
  incoming.clear();
}

size_t HnswLinkMemory::bytes() const {
  return distances.capacity() * sizeof(float) + pruned.capacity() * sizeof(uint16_t) +
         incoming.capacity() * sizeof(uint32_t);
}

}  // namespace univar
