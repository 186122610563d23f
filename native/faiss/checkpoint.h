// A saved state that can undo a cancelled or failed addition.
#pragma once

#include <faiss/impl/HNSW.h>

#include <optional>
#include <vector>

#include "faiss/index_parts.h"

namespace univar {

class Checkpoint {
 public:
  // The links of a graph are copied only if `cancellable`. A copy of a few hundred bytes per vector is cheap compared
  // with a long addition, but not compared with a short one.
  Checkpoint(const IndexParts& parts, bool cancellable);
  void Restore(const IndexParts& parts) const;

 private:
  faiss::idx_t rows_;
  std::vector<size_t> list_sizes_;
  std::optional<faiss::HNSW> graph_;
};

}  // namespace univar
