// Distances as graph construction needs them: smaller is nearer for either metric, many rows at once, and the query is
// either a new vector or a stored row.
#pragma once

#include <faiss/MetricType.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "core/aligned_buffer.h"
#include "core/status.h"
#include "faiss/row_computer.h"

namespace univar {

// Not thread-safe; make one per thread.
class LinkDistances {
 public:
  virtual ~LinkDistances() = default;
  virtual void SetQuery(const float* x) = 0;
  virtual void SetRow(int32_t row) = 0;
  virtual void ByIds(const int32_t* ids, size_t count, float* out) = 0;
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

// A bfloat16 copy of float32 rows that lives while many rows are added. Random access to rows is what bounds
// construction, so half the bytes is nearly half the time; the graph is as good (bench/kernels/index.ts compares recall).
// For l2 the rows are centred first, and squared distances are those between the rounded rows: near duplicates
// stay near, whatever the common offset of the data.
class CompressedRows {
 public:
  Status Fill(const float* x, size_t rows, size_t dim, faiss::MetricType metric);

 private:
  friend class CompressedDistances;
  size_t dim_ = 0;
  bool l2_ = false;
  Bf16DotFn dot_ = nullptr;
  AlignedBuffer<uint16_t> rows_;
  std::vector<float> centre_, squared_norms_;  // l2 only
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
