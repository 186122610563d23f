// A base prepared for scanning on the CPU: codes and the terms of the bound for each row, named as in ops/topk.h.
#pragma once

#include "core/aligned_buffer.h"
#include "cpu/topk_codec.h"
#include "ops/topk.h"

namespace univar {

class CpuTopkBase final : public TopkBase {
 public:
  TopkStorage storage() const override { return storage_; }
  size_t bytes() const override {
    return codes.size() + sizeof(float) * (scale.size() + residual.size() + length.size() + half_square.size()) +
           sizeof(double) * norms.size();
  }
  // Returns the codes of row j. If there are no codes, the caller's rows `base` are scanned directly.
  const void* row_codes(const float* base, size_t j) const {
    if (codes.size() == 0) return base + j * dim;
    return codes.data() + j * dim * code_size(code_for(storage_));
  }

  MetricTraits metric = {};
  TopkStorage storage_ = TopkStorage::kF32;
  size_t rows = 0, dim = 0;
  double unit = 1.0;                 // B; 1 if the metric divides by norms
  AlignedBuffer<uint8_t> codes;      // [rows, dim] codes, or empty
  AlignedBuffer<float> scale;        // w <u, v'> = scale * <u, codes>
  AlignedBuffer<float> residual;     // R
  AlignedBuffer<float> length;       // N
  AlignedBuffer<float> half_square;  // w^2 / 2; only for metrics that sum differences
  AlignedBuffer<double> norms;       // exact ||b_j||; only for metrics that divide by norms
};

}  // namespace univar
