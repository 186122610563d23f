#include "faiss/link_distances.h"

#include <algorithm>

#include "core/huge_pages.h"
#include "core/prefetch.h"
#include "cpu/bf16.h"

namespace univar {

void StoredDistances::ByIds(const int32_t* ids, size_t count, float* out) {
  rows_->ByIds(ids, count, out);
  if (rows_->metric().larger_is_better) std::transform(out, out + count, out, [](float value) { return -value; });
}

Status CompressedRows::Fill(const float* x, size_t rows, size_t dim, const MetricTraits& metric) {
  dim_ = dim;
  metric_ = metric;
  dot_ = bf16_dot_cpu();
  if (Status status = rows_.Allocate(rows * dim, "the compressed rows used to build the graph"); !status.ok())
    return status;
  PreferHugePages(rows_.data(), rows * dim * sizeof(uint16_t));
  if (!metric_.sums_differences) {
    float_to_bf16_cpu(x, rows_.data(), rows * dim);
    return Status::Ok();
  }
  centre_.assign(dim, 0.0f);
  squared_norms_.resize(rows);
  // A sample is accurate enough for the common offset.
  constexpr size_t kSample = 4096;
  const size_t step = std::max<size_t>(1, rows / kSample);
  std::vector<double> sum(dim, 0.0);
  size_t sampled = 0;
  for (size_t i = 0; i < rows; i += step, ++sampled) {
    for (size_t j = 0; j < dim; ++j) sum[j] += x[i * dim + j];
  }
  for (size_t j = 0; j < dim; ++j) centre_[j] = static_cast<float>(sum[j] / static_cast<double>(sampled));
#pragma omp parallel
  {
    std::vector<float> centred(dim);
#pragma omp for schedule(static)
    for (size_t i = 0; i < rows; ++i) {
      for (size_t j = 0; j < dim; ++j) centred[j] = x[i * dim + j] - centre_[j];
      uint16_t* row = rows_.data() + i * dim;
      float_to_bf16_cpu(centred.data(), row, dim);
      dot_(row, &row, 1, dim, &squared_norms_[i]);
    }
  }
  return Status::Ok();
}

void CompressedDistances::SetQuery(const float* x) {
  if (rows_.metric_.sums_differences) {
    for (size_t j = 0; j < rows_.dim_; ++j) centred_[j] = x[j] - rows_.centre_[j];
    x = centred_.data();
  }
  float_to_bf16_cpu(x, rounded_.data(), rows_.dim_);
  query_ = rounded_.data();
  if (rows_.metric_.sums_differences) rows_.dot_(query_, &query_, 1, rows_.dim_, &squared_norm_);
}

void CompressedDistances::SetRow(int32_t row) {
  query_ = rows_.rows_.data() + static_cast<size_t>(row) * rows_.dim_;
  if (rows_.metric_.sums_differences) squared_norm_ = rows_.squared_norms_[static_cast<size_t>(row)];
}

void CompressedDistances::Prefetch(const int32_t* ids, size_t count) const {
  const uint16_t* rows = rows_.rows_.data();
  for (size_t i = 0; i < count; ++i) {
    PrefetchBytes(rows + static_cast<size_t>(ids[i]) * rows_.dim_, rows_.dim_ * sizeof(uint16_t));
  }
}

void CompressedDistances::ByIds(const int32_t* ids, size_t count, float* out) {
  pointers_.resize(std::max(pointers_.size(), count));
  for (size_t i = 0; i < count; ++i) pointers_[i] = rows_.rows_.data() + static_cast<size_t>(ids[i]) * rows_.dim_;
  rows_.dot_(query_, pointers_.data(), count, rows_.dim_, out);
  if (!rows_.metric_.sums_differences) {
    std::transform(out, out + count, out, [](float value) { return -value; });
    return;
  }
  for (size_t i = 0; i < count; ++i) {
    out[i] = std::max(0.0f, squared_norm_ + rows_.squared_norms_[static_cast<size_t>(ids[i])] - 2.0f * out[i]);
  }
}

}  // namespace univar
