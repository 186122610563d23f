// FAISS's distance computer with our kernels: distances between a query and the rows of a flat storage (float32 vectors
// or scalar-quantised codes). FAISS's graph search and list scans call its virtual interface. Our own loops use the
// functions that compare many rows per call.
#pragma once

#include <faiss/impl/DistanceComputer.h>
#include <faiss/impl/ScalarQuantizer.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "cpu/code_products.h"
#include "cpu/distances.h"

namespace univar {

// The encoding of rows: x_j = offset_j + scale_j c_j. An empty offset means 0, an empty scale means 1.
struct RowFormat {
  size_t dim = 0;
  RowType type = RowType::kF32;
  std::vector<float> scale;   // [dim] for kU8, otherwise empty
  std::vector<float> offset;  // [dim] or empty

  static RowFormat Float32(size_t dim);
  // Returns false for codes without a kernel here (4 and 6 bits, or not trained yet).
  static bool FromScalarQuantizer(const faiss::ScalarQuantizer& quantizer, RowFormat* format);

  size_t bytes() const { return RowBytes(type, dim); }
};

// Returns sum_j (scale_j c_j)^2 of a row of 8-bit codes.
float CodeNorm(const RowFormat& format, const uint8_t* codes);

// Not thread-safe: create one per thread. `rows` can be null if only the functions with explicit pointers are called.
// With `norms`, the squared lengths of 8-bit codes (CodeNorm), ByIds computes squared distances in integers.
class RowComputer final : public faiss::FlatCodesDistanceComputer {
 public:
  RowComputer(std::shared_ptr<const RowFormat> format, const MetricTraits& metric, const uint8_t* rows,
              const float* norms = nullptr);

  // FAISS's interface. Its distances are scores: FAISS expects inner products of a storage with a positive sign.
  void set_query(const float* x) override;
  float distance_to_code(const uint8_t* code) override;
  float symmetric_dis(faiss::idx_t i, faiss::idx_t j) override;
  void distances_batch_4(faiss::idx_t a, faiss::idx_t b, faiss::idx_t c, faiss::idx_t d, float& dis_a, float& dis_b,
                         float& dis_c, float& dis_d) override;

  // Makes a stored row the query, whose distances are then symmetric: d(a, b) = d(b, a).
  void SetRow(int32_t row);
  // Compute the distances to rows given by id, and to `count` consecutive rows.
  void ByIds(const int32_t* ids, size_t count, float* out);
  void Contiguous(const uint8_t* first, size_t count, float* out) const;
  // Fetches rows that ByIds will compare soon.
  void Prefetch(const int32_t* ids, size_t count) const;

  const MetricTraits& metric() const { return metric_; }

 private:
  void Prepare(const float* x);
  void Compare(const uint8_t* const* rows, size_t count, float* out) const;

  std::shared_ptr<const RowFormat> format_;
  MetricTraits metric_;
  RowDistanceFn distance_, inner_product_;
  CodeProductsFn code_products_;
  const float* query_ = nullptr;  // the query in the form that the kernel reads
  float bias_ = 0.0f;             // the part of an inner product that is the same for all rows
  std::vector<float> prepared_, decoded_;
  WholeQuery whole_;       // the query in integers
  bool is_whole_ = false;  // whether they are compared with
  const float* norms_;
  float query_norm_ = 0.0f;  // squared length of the query, if the metric sums differences
  float close_ = 0.0f;       // squared distances below this one are computed in float32
  std::vector<const uint8_t*> pointers_;
  int32_t row_ = -1;  // the stored row that is the query, or -1
};

}  // namespace univar
