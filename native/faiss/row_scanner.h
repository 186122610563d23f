// Exhaustive comparison of queries with consecutive rows: inverted lists, and flat storages if there are too few
// queries for a matrix product.
#pragma once

#include <faiss/Index.h>
#include <faiss/IndexIVF.h>

#include <memory>
#include <vector>

#include "faiss/row_computer.h"

namespace univar {

// FAISS's list scanner with our kernels. With a coarse quantizer, codes are residuals relative to the list's centroid.
class RowScanner final : public faiss::InvertedListScanner {
 public:
  RowScanner(std::shared_ptr<const RowFormat> format, const MetricTraits& metric, const faiss::Index* residual_of,
             bool store_pairs, const faiss::IDSelector* selector);

  void set_query(const float* query) override;
  void set_list(faiss::idx_t list, float coarse_distance) override;
  float distance_to_code(const uint8_t* code) const override;
  size_t scan_codes(size_t count, const uint8_t* codes, const faiss::idx_t* ids, float* distances, faiss::idx_t* labels,
                    size_t k) const override;
  void scan_codes_range(size_t count, const uint8_t* codes, const faiss::idx_t* ids, float radius,
                        faiss::RangeQueryResult& result) const override;

 private:
  template <typename Visit>
  void Scan(size_t count, const uint8_t* codes, const faiss::idx_t* ids, Visit visit) const;

  mutable RowComputer computer_;  // FAISS declares scanning const; a scanner belongs to one thread
  MetricTraits metric_;
  const faiss::Index* residual_of_;
  const float* query_ = nullptr;
  std::vector<float> residual_;
  float bias_ = 0.0f;
};

// Compares all rows of a flat storage with each query, in parallel over queries.
void ScanFlat(const std::shared_ptr<const RowFormat>& format, const MetricTraits& metric, const uint8_t* codes,
              size_t rows, faiss::idx_t n, const float* x, faiss::idx_t k, float* distances, faiss::idx_t* labels);
void ScanFlatRange(const std::shared_ptr<const RowFormat>& format, const MetricTraits& metric, const uint8_t* codes,
                   size_t rows, faiss::idx_t n, const float* x, float radius, faiss::RangeSearchResult* result);

}  // namespace univar
