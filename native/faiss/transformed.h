// Checks vectors for an index and applies the transforms of the index.
#pragma once

#include <cstdint>
#include <memory>

#include "core/matrix.h"
#include "core/status.h"
#include "faiss/index_parts.h"

namespace univar {

// Returns kNonFinite or kArgRange and names the first row with an entry that an index cannot take.
Status CheckEntries(ConstMatrix x, const char* name, float largest = kMaxEntry);

inline ConstMatrix RowRange(ConstMatrix x, int64_t begin, int64_t count) {
  return ConstMatrix{x.row(static_cast<size_t>(begin)), static_cast<size_t>(count), x.cols};
}

// Vectors after the transforms of an index, or the given vectors if the index has no transforms.
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
