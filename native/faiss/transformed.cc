#include "faiss/transformed.h"

#include <faiss/VectorTransform.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "cpu/distances.h"

namespace univar {

Status CheckEntries(ConstMatrix x, const char* name, float largest) {
  const size_t row = first_row_beyond_cpu(x.data, x.rows, x.cols, largest);
  if (row == x.rows) return Status::Ok();
  const bool finite = std::all_of(x.row(row), x.row(row) + x.cols, [](float value) { return std::isfinite(value); });
  return Status::Error(finite ? Code::kArgRange : Code::kNonFinite,
                       std::string("Expected ") +
                           (finite ? largest < kMaxEntry ? "numbers of at most 65,504 in magnitude, which 16 bits hold,"
                                                         : "numbers of at most 1e15 in magnitude"
                                   : "finite numbers") +
                           " for \"" + name + "\", got " + (finite ? "a larger one" : "NaN or Infinity") + " in row " +
                           std::to_string(row));
}

Status Transformed::Apply(const IndexParts& parts, ConstMatrix x) {
  result_ = x;
  if (parts.transform == nullptr) return Status::Ok();
  for (const faiss::VectorTransform* step : parts.transform->chain) {
    if (Status status = Apply(*step); !status.ok()) return status;
  }
  return Status::Ok();
}

Status Transformed::Apply(const faiss::VectorTransform& step) {
  const float* y = step.apply(static_cast<faiss::idx_t>(result_.rows), result_.data);
  owned_.reset(y);
  result_ = ConstMatrix{y, result_.rows, static_cast<size_t>(step.d_out)};
  return CheckEntries(result_, "transformed vectors");
}

}  // namespace univar
