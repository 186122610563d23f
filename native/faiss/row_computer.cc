#include "faiss/row_computer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "core/numbers.h"
#include "core/prefetch.h"

namespace univar {

using faiss::ScalarQuantizer;

RowFormat RowFormat::Float32(size_t dim) {
  RowFormat format;
  format.dim = dim;
  return format;
}

bool RowFormat::FromScalarQuantizer(const ScalarQuantizer& quantizer, RowFormat* format) {
  const size_t dim = quantizer.d;
  const std::vector<float>& trained = quantizer.trained;
  *format = RowFormat{};
  format->dim = dim;
  // FAISS decodes 8-bit codes to the middle of their interval: minimum + (c + 1/2) / 255 * range.
  const auto affine = [&](auto minimum, auto range) {
    format->type = RowType::kU8;
    format->scale.reserve(dim);
    format->offset.reserve(dim);
    for (size_t j = 0; j < dim; ++j) {
      format->scale.push_back(range(j) / 255.0f);
      format->offset.push_back(minimum(j) + 0.5f * format->scale.back());
    }
    return true;
  };
  switch (quantizer.qtype) {
    case ScalarQuantizer::QT_8bit:
      if (trained.size() != 2 * dim) return false;
      return affine([&](size_t j) { return trained[j]; }, [&](size_t j) { return trained[dim + j]; });
    case ScalarQuantizer::QT_fp16: format->type = RowType::kF16; return true;
    case ScalarQuantizer::QT_bf16: format->type = RowType::kBf16; return true;
    default: return false;
  }
}

float CodeNorm(const RowFormat& format, const uint8_t* codes) {
  double sum = 0.0;
  for (size_t j = 0; j < format.dim; ++j) {
    const double value = static_cast<double>(format.scale[j]) * codes[j];
    sum += value * value;
  }
  return static_cast<float>(sum);
}

RowComputer::RowComputer(std::shared_ptr<const RowFormat> format, const MetricTraits& metric, const uint8_t* rows,
                         const float* norms)
    : FlatCodesDistanceComputer(rows, format->bytes()),
      format_(std::move(format)),
      metric_(metric),
      distance_(row_distance_cpu(metric, format_->type)),
      inner_product_(row_distance_cpu(TraitsOf(Metric::kIp), RowType::kF32)),
      code_products_(code_products_cpu()),
      norms_(norms) {
  if (!format_->offset.empty()) prepared_.resize(format_->dim);
  if (format_->type != RowType::kF32) decoded_.resize(format_->dim);
}

void RowComputer::Prepare(const float* x) {
  is_whole_ = false;
  bias_ = 0.0f;
  query_ = x;
  if (format_->offset.empty()) return;
  // Differences: q - (o + s c) = (q - o) - s c.  Products: sum q (o + s c) = sum q o + sum (q s) c.
  const float* offset = format_->offset.data();
  if (metric_.sums_differences) {
    for (size_t j = 0; j < format_->dim; ++j) prepared_[j] = x[j] - offset[j];
    query_ = prepared_.data();
    return;
  }
  const auto* row = reinterpret_cast<const uint8_t*>(offset);
  inner_product_(x, nullptr, &row, 1, format_->dim, &bias_);
  if (format_->scale.empty()) return;
  for (size_t j = 0; j < format_->dim; ++j) prepared_[j] = x[j] * format_->scale[j];
  query_ = prepared_.data();
}

void RowComputer::set_query(const float* x) {
  row_ = -1;
  Prepare(x);
  if (format_->type != RowType::kU8) return;
  if (!metric_.sums_differences) {
    is_whole_ = whole_.Round(query_, format_->dim);
    return;
  }
  if (norms_ == nullptr) return;
  // |(q - o) - s c|^2 = |q - o|^2 - 2 sum (q - o) s c + |s c|^2
  double norm = 0.0;
  for (size_t j = 0; j < format_->dim; ++j) {
    norm += static_cast<double>(query_[j]) * query_[j];
    decoded_[j] = query_[j] * format_->scale[j];
  }
  query_norm_ = static_cast<float>(norm);
  is_whole_ = whole_.Round(decoded_.data(), format_->dim);
  // The rounding of the query changes distances by about as much as this. It must not decide which of two copies is
  // nearer, so distances that it changes by half a percent or more are computed in float32.
  const float rounding = whole_.step * 255.0f * std::sqrt(static_cast<float>(format_->dim));
  close_ = 200.0f * rounding;
}

void RowComputer::Compare(const uint8_t* const* rows, size_t count, float* out) const {
  if (is_whole_ && !metric_.sums_differences) {
    code_products_(whole_, rows, count, format_->dim, out);
  } else {
    distance_(query_, format_->scale.data(), rows, count, format_->dim, out);
  }
  if (bias_ != 0.0f) std::for_each(out, out + count, [this](float& value) { value += bias_; });
}

void RowComputer::SetRow(int32_t row) {
  if (row == row_) return;
  row_ = row;
  const uint8_t* code = codes + static_cast<size_t>(row) * code_size;
  switch (format_->type) {
    case RowType::kF32: Prepare(reinterpret_cast<const float*>(code)); return;
    case RowType::kU8:
      for (size_t j = 0; j < format_->dim; ++j) decoded_[j] = format_->offset[j] + format_->scale[j] * code[j];
      break;
    default:
      for (size_t j = 0; j < format_->dim; ++j) {
        uint16_t bits;
        std::memcpy(&bits, code + 2 * j, 2);
        decoded_[j] = format_->type == RowType::kF16 ? WidenF16(bits) : WidenBf16(bits);
        if (!format_->offset.empty()) decoded_[j] += format_->offset[j];
      }
  }
  Prepare(decoded_.data());
}

float RowComputer::distance_to_code(const uint8_t* code) {
  float out;
  Compare(&code, 1, &out);
  return out;
}

float RowComputer::symmetric_dis(faiss::idx_t i, faiss::idx_t j) {
  // A second computer, because the query of this one must not change. Only FAISS's own graph construction compares
  // pairs, and hnsw_builder.cc replaces it.
  RowComputer other(format_, metric_, codes);
  other.SetRow(static_cast<int32_t>(i));
  return other(j);
}

void RowComputer::distances_batch_4(faiss::idx_t a, faiss::idx_t b, faiss::idx_t c, faiss::idx_t d, float& dis_a,
                                    float& dis_b, float& dis_c, float& dis_d) {
  const std::array<const uint8_t*, 4> rows = {codes + a * code_size, codes + b * code_size, codes + c * code_size,
                                              codes + d * code_size};
  std::array<float, 4> out;
  Compare(rows.data(), 4, out.data());
  dis_a = out[0];
  dis_b = out[1];
  dis_c = out[2];
  dis_d = out[3];
}

void RowComputer::ByIds(const int32_t* ids, size_t count, float* out) {
  pointers_.resize(std::max(pointers_.size(), count));
  for (size_t i = 0; i < count; ++i) pointers_[i] = codes + static_cast<size_t>(ids[i]) * code_size;
  if (!is_whole_ || !metric_.sums_differences) {
    Compare(pointers_.data(), count, out);
    return;
  }
  code_products_(whole_, pointers_.data(), count, format_->dim, out);
  for (size_t i = 0; i < count; ++i) {
    out[i] = query_norm_ + norms_[ids[i]] - 2.0f * out[i];
    if (out[i] < close_) distance_(query_, format_->scale.data(), &pointers_[i], 1, format_->dim, &out[i]);
  }
}

void RowComputer::Prefetch(const int32_t* ids, size_t count) const {
  for (size_t i = 0; i < count; ++i) PrefetchBytes(codes + static_cast<size_t>(ids[i]) * code_size, code_size);
}

void RowComputer::Contiguous(const uint8_t* first, size_t count, float* out) const {
  constexpr size_t kBlock = 64;
  std::array<const uint8_t*, kBlock> rows;
  for (size_t begin = 0; begin < count; begin += kBlock) {
    const size_t size = std::min(kBlock, count - begin);
    for (size_t i = 0; i < size; ++i) rows[i] = first + (begin + i) * code_size;
    Compare(rows.data(), size, out + begin);
  }
}

}  // namespace univar
