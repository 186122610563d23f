// Distances as walks through a graph need them: smaller is nearer for every metric, and many rows at once.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/aligned_buffer.h"
#include "core/status.h"
#include "faiss/row_computer.h"

namespace univar {

// From a vector to stored rows. Not thread-safe; make one per thread.
class QueryDistances {
 public:
  virtual ~QueryDistances() = default;
  virtual void SetQuery(const float* x) = 0;
  virtual void ByIds(const int32_t* ids, size_t count, float* out) = 0;
};

// What construction needs besides: from a stored row.
class LinkDistances : public QueryDistances {
 public:
  virtual void SetRow(int32_t row) = 0;
};

// The storage's own rows, at the storage's precision.
class StoredDistances final : public LinkDistances {
 public:
  explicit StoredDistances(std::unique_ptr<RowComputer> rows) : rows_(std::move(rows)) {}
  void SetQuery(const float* x) override { rows_->set_query(x); }
  void SetRow(int32_t row) override { rows_->SetRow(row); }
  void ByIds(const int32_t* ids, size_t count, float* out) override;

 private:
  std::unique_ptr<RowComputer> rows_;
};

// Rows with codes that have no kernel here, by FAISS's own computer.
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

// A bfloat16 copy of float32 rows that lives while many rows are added. Random access to rows is what bounds
// construction, so half the bytes is nearly half the time; the graph is as good (bench/kernels/index.ts compares
// recall). For differences the rows are centred first, and squared distances are those between the rounded rows: near
// duplicates stay near, whatever the common offset of the data.
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

 private:
  const CompressedRows& rows_;
  const uint16_t* query_ = nullptr;
  float squared_norm_ = 0.0f;
  std::vector<float> centred_;
  std::vector<uint16_t> rounded_;
  std::vector<const uint16_t*> pointers_;
};

}  // namespace univar
