// A base prepared for scanning on the CPU: codes and the bound's terms per row, named as in ops/topk.h.
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
  // Codes of row j; `base` are the caller's rows, which are scanned as they are where no codes are kept.
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
  AlignedBuffer<float> half_square;  // w^2 / 2; only of metrics that sum differences
  AlignedBuffer<double> norms;       // exact ||b_j||; only of metrics that divide by them
};

}  // namespace univar
