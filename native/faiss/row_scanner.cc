#include "faiss/row_scanner.h"

#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/impl/IDSelector.h>
#include <faiss/invlists/DirectMap.h>
#include <faiss/utils/Heap.h>

#include <algorithm>
#include <array>
#include <utility>

namespace univar {

using faiss::idx_t;

RowScanner::RowScanner(std::shared_ptr<const RowFormat> format, const MetricTraits& metric,
                       const faiss::Index* residual_of, bool store_pairs, const faiss::IDSelector* selector)
    : InvertedListScanner(store_pairs, selector),
      computer_(format, metric, nullptr),
      metric_(metric),
      residual_of_(residual_of) {
  keep_max = metric.larger_is_better;
  code_size = format->bytes();
  if (residual_of != nullptr && metric.sums_differences) residual_.resize(format->dim);
}

void RowScanner::set_query(const float* query) {
  query_ = query;
  computer_.set_query(query);
}

void RowScanner::set_list(idx_t list, float coarse_distance) {
  list_no = list;
  if (residual_of_ == nullptr) return;
  // |q - (c + r)| = |(q - c) - r|  and  <q, c + r> = <q, c> + <q, r>.
  if (metric_.sums_differences) {
    residual_of_->compute_residual(query_, residual_.data(), list);
    computer_.set_query(residual_.data());
  } else {
    bias_ = coarse_distance;
  }
}

float RowScanner::distance_to_code(const uint8_t* code) const { return bias_ + computer_.distance_to_code(code); }

template <typename Visit>
void RowScanner::Scan(size_t count, const uint8_t* codes, const idx_t* ids, Visit visit) const {
  constexpr size_t kBlock = 64;
  std::array<float, kBlock> distances;
  for (size_t begin = 0; begin < count; begin += kBlock) {
    const size_t size = std::min(kBlock, count - begin);
    computer_.Contiguous(codes + begin * code_size, size, distances.data());
    for (size_t i = 0; i < size; ++i) {
      const size_t at = begin + i;
      if (sel != nullptr && !sel->is_member(ids != nullptr ? ids[at] : static_cast<idx_t>(at))) continue;
      const idx_t id = store_pairs ? static_cast<idx_t>(faiss::lo_build(static_cast<uint64_t>(list_no), at)) : ids[at];
      visit(bias_ + distances[i], id);
    }
  }
}

size_t RowScanner::scan_codes(size_t count, const uint8_t* codes, const idx_t* ids, float* distances, idx_t* labels,
                              size_t k) const {
  size_t updates = 0;
  Scan(count, codes, ids, [&](float distance, idx_t id) {
    if (keep_max ? distance > distances[0] : distance < distances[0]) {
      if (keep_max) {
        faiss::minheap_replace_top(k, distances, labels, distance, id);
      } else {
        faiss::maxheap_replace_top(k, distances, labels, distance, id);
      }
      ++updates;
    }
  });
  return updates;
}

void RowScanner::scan_codes_range(size_t count, const uint8_t* codes, const idx_t* ids, float radius,
                                  faiss::RangeQueryResult& result) const {
  Scan(count, codes, ids, [&](float distance, idx_t id) {
    if (keep_max ? distance > radius : distance < radius) result.add(distance, id);
  });
}

void ScanFlat(const std::shared_ptr<const RowFormat>& format, const MetricTraits& metric, const uint8_t* codes,
              size_t rows, idx_t n, const float* x, idx_t k, float* distances, idx_t* labels) {
  const bool keep_max = metric.larger_is_better;
  const size_t size = static_cast<size_t>(k);
#pragma omp parallel if (n > 1)
  {
    RowScanner scanner(format, metric, nullptr, true, nullptr);
    scanner.list_no = 0;  // the pair of list 0 and a position equals the position
#pragma omp for schedule(dynamic, 1)
    for (idx_t i = 0; i < n; ++i) {
      float* values = distances + i * k;
      idx_t* ids = labels + i * k;
      keep_max ? faiss::minheap_heapify(size, values, ids) : faiss::maxheap_heapify(size, values, ids);
      scanner.set_query(x + static_cast<size_t>(i) * format->dim);
      scanner.scan_codes(rows, codes, nullptr, values, ids, size);
      keep_max ? faiss::minheap_reorder(size, values, ids) : faiss::maxheap_reorder(size, values, ids);
    }
  }
}

void ScanFlatRange(const std::shared_ptr<const RowFormat>& format, const MetricTraits& metric, const uint8_t* codes,
                   size_t rows, idx_t n, const float* x, float radius, faiss::RangeSearchResult* result) {
#pragma omp parallel if (n > 1)
  {
    RowScanner scanner(format, metric, nullptr, true, nullptr);
    scanner.list_no = 0;
    faiss::RangeSearchPartialResult partial(result);
#pragma omp for schedule(static)
    for (idx_t i = 0; i < n; ++i) {
      scanner.set_query(x + static_cast<size_t>(i) * format->dim);
      scanner.scan_codes_range(rows, codes, nullptr, radius, partial.new_result(i));
    }
    partial.finalize();
  }
}

}  // namespace univar
