// Distances for walks through a graph. Smaller is nearer for every metric, and each call compares many rows.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/aligned_buffer.h"
#include "core/status.h"
#include "faiss/row_computer.h"

namespace univar {

// Distances from a vector to stored rows. Not thread-safe: create one per thread.
class QueryDistances {
 public:
  virtual ~QueryDistances() = default;
  virtual void SetQuery(const float* x) = 0;
  virtual void ByIds(const int32_t* ids, size_t count, float* out) = 0;
  // Fetches rows that ByIds will compare soon.
  virtual void Prefetch(const int32_t*, size_t) const {}
};

// Distances from a vector or from a stored row, for construction.
class LinkDistances : public QueryDistances {
 public:
  virtual void SetRow(int32_t row) = 0;
};

// Distances to the storage's own rows, at the storage's precision.
class StoredDistances final : public LinkDistances {
 public:
  explicit StoredDistances(std::unique_ptr<RowComputer> rows) : rows_(std::move(rows)) {}
  void SetQuery(const float* x) override { rows_->set_query(x); }
  void SetRow(int32_t row) override { rows_->SetRow(row); }
  void ByIds(const int32_t* ids, size_t count, float* out) override;
  void Prefetch(const int32_t* ids, size_t count) const override { rows_->Prefetch(ids, count); }

 private:
  std::unique_ptr<RowComputer> rows_;
};

// Distances to rows whose codes have no kernel here, computed by FAISS.
class ForeignDistances final : public QueryDistances {
 public:
  ForeignDistances(std::unique_ptr<faiss::DistanceComputer> rows, const MetricTraits& metric)
      : rows_(std::move(rows)), sign_(DistanceSign(metric)) {}
  void SetQuery(const float* x) override { rows_->set_query(x); }
  void ByIds(const int32_t* ids, size_t count, float* out) override {
    for (size_t i = 0; i < count; ++i) out[i] = sign_ * (*rows_)(ids[i]);
  }

 private:
  std::unique_ptr<faiss::DistanceComputer> rows_;
  float sign_;
};

// A bfloat16 copy of float32 rows that exists while many rows are added. Random access to rows limits the speed of
// construction, so half the bytes take nearly half the time. The graph is as good (bench/kernels/index.ts compares
// recall). If the metric sums differences, the rows are centred first, and distances are those between the rounded
// rows. Near duplicates therefore stay near for any common offset of the data.
class CompressedRows {
 public:
  Status Fill(const float* x, size_t rows, size_t dim, const MetricTraits& metric);

 private:
  friend class CompressedDistances;
  size_t dim_ = 0;
  MetricTraits metric_ = {};
  Bf16DotFn dot_ = nullptr;
  AlignedBuffer<uint16_t> rows_;
  std::vector<float> centre_, squared_norms_;  // if the metric sums differences
};

class CompressedDistances final : public LinkDistances {
 public:
  explicit CompressedDistances(const CompressedRows& rows) : rows_(rows), centred_(rows.dim_), rounded_(rows.dim_) {}
  void SetQuery(const float* x) override;
  void SetRow(int32_t row) override;
  void ByIds(const int32_t* ids, size_t count, float* out) override;
  void Prefetch(const int32_t* ids, size_t count) const override;

 private:
  const CompressedRows& rows_;
  const uint16_t* query_ = nullptr;
  float squared_norm_ = 0.0f;
  std::vector<float> centred_;
  std::vector<uint16_t> rounded_;
  std::vector<const uint16_t*> pointers_;
};

}  // namespace univar
