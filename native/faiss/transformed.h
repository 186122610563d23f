// Vectors on their way into an index: checked, and behind its transforms.
#pragma once

#include <cstdint>
#include <memory>

#include "core/matrix.h"
#include "core/status.h"
#include "faiss/index_parts.h"

namespace univar {

// kNonFinite or kArgRange with the first row that no index takes.
Status CheckEntries(ConstMatrix x, const char* name);

inline ConstMatrix RowRange(ConstMatrix x, int64_t begin, int64_t count) {
  return ConstMatrix{x.row(static_cast<size_t>(begin)), static_cast<size_t>(count), x.cols};
}

// Vectors behind the transforms of an index; the given ones where it has none.
class Transformed {
 public:
  Status Apply(const IndexParts& parts, ConstMatrix x);
  Status Apply(const faiss::VectorTransform& step);
  void Start(ConstMatrix x) { result_ = x; }
  ConstMatrix result() const { return result_; }

 private:
  ConstMatrix result_;
  std::unique_ptr<const float[]> owned_;
};

}  // namespace univar
