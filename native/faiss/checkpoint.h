// What it takes to undo an addition that was cancelled or failed.
#pragma once

#include <faiss/impl/HNSW.h>

#include <optional>
#include <vector>

#include "faiss/index_parts.h"

namespace univar {

class Checkpoint {
 public:
  // A graph's links are copied only when `cancellable`: at a few hundred bytes a vector that is cheap beside a long
  // addition, not beside a short one.
  Checkpoint(const IndexParts& parts, bool cancellable);
  void Restore(const IndexParts& parts) const;

 private:
  faiss::idx_t rows_;
  std::vector<size_t> list_sizes_;
  std::optional<faiss::HNSW> graph_;
};

}  // namespace univar
