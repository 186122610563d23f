// FAISS's distance computer on our kernels: distances between a query and the rows of a flat storage (float32 vectors
// or scalar-quantised codes). Graph search and list scans reach it through FAISS's virtual interface; our own loops use
// the calls that take many rows at once.
#pragma once

#include <faiss/impl/DistanceComputer.h>
#include <faiss/impl/ScalarQuantizer.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "cpu/distances.h"

namespace univar {

// How rows are coded: x_j = offset_j + scale_j c_j; an empty offset counts as 0, an empty scale as 1.
struct RowFormat {
  size_t dim = 0;
  RowType type = RowType::kF32;
  std::vector<float> scale;   // [dim] for kU8, otherwise empty
  std::vector<float> offset;  // [dim] or empty

  static RowFormat Float32(size_t dim);
  // False for codes that we have no kernel for (4 and 6 bits, or not trained yet).
  static bool FromScalarQuantizer(const faiss::ScalarQuantizer& quantizer, RowFormat* format);

  size_t bytes() const { return RowBytes(type, dim); }
};

// Not thread-safe; make one per thread. `rows` may be null when only the calls with explicit pointers are used.
class RowComputer final : public faiss::FlatCodesDistanceComputer {
 public:
  RowComputer(std::shared_ptr<const RowFormat> format, const MetricTraits& metric, const uint8_t* rows);

  // FAISS's interface, whose distances are scores: inner products are positive, as FAISS expects from a storage.
  void set_query(const float* x) override;
  float distance_to_code(const uint8_t* code) override;
  float symmetric_dis(faiss::idx_t i, faiss::idx_t j) override;
  void distances_batch_4(faiss::idx_t a, faiss::idx_t b, faiss::idx_t c, faiss::idx_t d, float& dis_a, float& dis_b,
                         float& dis_c, float& dis_d) override;

  // Makes a stored row the query.
  void SetRow(int32_t row);
  // Distances to rows by id, or to `count` rows that follow each other.
  void ByIds(const int32_t* ids, size_t count, float* out);
  void Contiguous(const uint8_t* first, size_t count, float* out) const;

  const MetricTraits& metric() const { return metric_; }

 private:
  void Prepare(const float* x);

  std::shared_ptr<const RowFormat> format_;
  MetricTraits metric_;
  RowDistanceFn distance_, inner_product_;
  const float* query_ = nullptr;  // what the kernel compares rows with
  float bias_ = 0.0f;             // part of an inner product that is the same for all rows
  std::vector<float> prepared_, decoded_;
  std::vector<const uint8_t*> pointers_;
  int32_t row_ = -1;  // the stored row that is the query, or -1
};

}  // namespace univar
