#include "faiss/checkpoint.h"

#include <faiss/invlists/InvertedLists.h>

#include "faiss/fast_indexes.h"

namespace univar {

Checkpoint::Checkpoint(const IndexParts& parts, bool cancellable) : rows_(parts.core->ntotal) {
  if (parts.lists != nullptr) {
    for (size_t i = 0; i < parts.lists->nlist; ++i) list_sizes_.push_back(parts.lists->get_list_size(i));
  } else if (parts.graph != nullptr && cancellable) {
    graph_ = parts.graph->hnsw;
  }
}

void Checkpoint::Restore(const IndexParts& parts) const {
  if (parts.lists != nullptr) {
    for (size_t i = 0; i < parts.lists->nlist; ++i) parts.lists->invlists->resize(i, list_sizes_[i]);
  } else {
    parts.storage->codes.resize(static_cast<size_t>(rows_) * parts.storage->code_size);
    parts.storage->ntotal = rows_;
    if (graph_.has_value()) {
      parts.graph->hnsw = *graph_;
    } else if (parts.graph != nullptr) {
      // An addition throws only during its set-up, before it writes any link to a new row.
      faiss::HNSW& graph = parts.graph->hnsw;
      graph.levels.resize(static_cast<size_t>(rows_));
      graph.offsets.resize(static_cast<size_t>(rows_) + 1);
      graph.neighbors.resize(graph.offsets.back());
    }
    if (auto* fast = dynamic_cast<FastGraph*>(parts.core)) {
      fast->TrimLinkMemory(static_cast<size_t>(rows_), static_cast<size_t>(parts.graph->hnsw.nb_neighbors(0)));
    }
  }
  if (parts.exact != nullptr) {
    parts.exact->codes.resize(static_cast<size_t>(rows_) * parts.exact->code_size);
    parts.exact->ntotal = rows_;
  }
  parts.SetRows(rows_);
}

}  // namespace univar
