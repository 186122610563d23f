// Scan of base tiles, see topk_scan.h.
#include "cpu/topk_scan.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/simd_targets.h"
#include "cpu/topk_filter.h"

namespace univar {
namespace {

constexpr size_t kLanes = kAlignment / sizeof(float);  // multiple of every vector length
constexpr size_t kTileRows = 256;
constexpr size_t kMinGemmQueries = 8;
constexpr size_t kMaxInt8Dim = 65536;  // 255 * 127 * dim fits int32, also where oneDNN shifts one side to unsigned

template <class T>
Status AllocateFilled(AlignedBuffer<T>* buffer, size_t size, T value) {
  if (Status s = buffer->Allocate(size, "top-k query terms"); !s.ok()) return s;
  std::fill_n(buffer->data(), size, value);
  return Status::Ok();
}

}  // namespace

TopkProduct ChooseTopkProduct(TopkStorage storage, size_t dim, size_t queries) {
  if (queries < kMinGemmQueries) return TopkProduct::kDots;
  if (storage == TopkStorage::kBf16 && HasNativeBf16()) return TopkProduct::kBf16;
  if (storage == TopkStorage::kInt8 && HasNativeInt8() && dim <= kMaxInt8Dim) return TopkProduct::kInt8;
  return TopkProduct::kF32;
}

Status TopkScanner::Init(const CpuTopkBase* prepared, ConstMatrix base, ConstMatrix queries, QueryTerms* terms) {
  prepared_ = prepared;
  base_ = base.data;
  terms_ = terms;
  queries_ = queries.rows;
  dim_ = queries.cols;
  stride_ = (queries_ + kLanes - 1) / kLanes * kLanes;
  product_ = ChooseTopkProduct(prepared->storage(), dim_, queries_);
  query_storage_ = product_ == TopkProduct::kBf16   ? TopkStorage::kBf16
                   : product_ == TopkProduct::kInt8 ? TopkStorage::kInt8
                                                    : TopkStorage::kF32;
  tile_rows_ = std::clamp((size_t{1} << 20) / dim_, size_t{16}, kTileRows);
  if (Status s = AllocateFilled(&tile_, tile_rows_ * stride_, 0.0f); !s.ok()) return s;
  if (product_ == TopkProduct::kF32 && prepared->storage() != TopkStorage::kF32) {
    if (Status s = decoded_.Allocate(tile_rows_ * dim_, "a decoded top-k tile"); !s.ok()) return s;
  }
  if (product_ != TopkProduct::kDots) {
    if (Status s = MakeGemm(tile_rows_, &whole_); !s.ok()) return s;
  }
  return EncodeQueries(queries);
}

Status TopkScanner::EncodeQueries(ConstMatrix queries) {
  for (auto* weights : {&terms_->scale, &terms_->residual, &terms_->dot_weight, &terms_->norm_weight}) {
    if (Status s = AllocateFilled(weights, stride_, 0.0f); !s.ok()) return s;
  }
  if (Status s = AllocateFilled(&terms_->threshold, stride_, std::numeric_limits<float>::infinity()); !s.ok()) return s;
  if (Status s = AllocateFilled(&terms_->norm, queries_, 0.0); !s.ok()) return s;
  if (Status s = AllocateFilled(&terms_->slack, queries_, 0.0); !s.ok()) return s;
  const size_t row_bytes = dim_ * code_size(query_storage_);
  if (Status s = query_codes_.Allocate(queries_ * row_bytes, "encoded top-k queries"); !s.ok()) return s;
  AlignedBuffer<float> scratch;
  if (Status s = scratch.Allocate(dim_, "a scaled query"); !s.ok()) return s;

  const double summation = gamma_bound(dim_ + 64);
  for (size_t i = 0; i < queries_; ++i) {
    const EncodedRow query = encode_row(query_storage_, queries.row(i), dim_, query_codes_.data() + i * row_bytes, scratch.data());
    const double s = query.norm / prepared_->unit, m = std::max(1.0, s);
    terms_->norm[i] = query.norm;
    terms_->scale[i] = query.scale;
    terms_->residual[i] = round_up(query.residual + summation * (1.0 + query.residual));
    terms_->threshold[i] = -std::numeric_limits<float>::infinity();
    terms_->slack[i] = 0x1p-119;
    if (prepared_->metric == TopkMetric::kL2) {
      terms_->dot_weight[i] = static_cast<float>(s / m);
      terms_->norm_weight[i] = static_cast<float>((1.0 - 0x1p-20) / m);
      terms_->slack[i] += static_cast<double>(dim_ + 8) * 0x1p-51 * s * s / m;
    }
  }
  return Status::Ok();
}

Status TopkScanner::MakeGemm(size_t rows, Gemm* gemm) const {
  // Scores are [rows, queries]: then the operand that oneDNN repacks at every call is the small one.
  GemmSpec spec{.m = rows, .n = queries_, .k = dim_, .transpose_b = true, .ldc = stride_};
  if (product_ == TopkProduct::kBf16) spec.a = spec.b = GemmType::kBf16;
  if (product_ == TopkProduct::kInt8) {
    spec.a = spec.b = GemmType::kS8;
    spec.c = GemmType::kS32;
  }
  return Gemm::Create(spec, gemm);
}

Status TopkScanner::ComputeTile(size_t first, size_t rows) {
  const void* codes = prepared_->row_codes(base_, first);
  if (product_ == TopkProduct::kDots) {
    const auto* query = reinterpret_cast<const float*>(query_codes_.data());
    const size_t row_bytes = dim_ * code_size(prepared_->storage());
    for (size_t j = 0; j < rows; ++j) {
      const void* row = static_cast<const uint8_t*>(codes) + j * row_bytes;
      for (size_t i = 0; i < queries_; ++i) {
        tile_[j * stride_ + i] = dot_codes(prepared_->storage(), query + i * dim_, row, dim_);
      }
    }
    return Status::Ok();
  }
  if (decoded_.size() != 0) {
    decode(prepared_->storage(), codes, rows * dim_, decoded_.data());
    codes = decoded_.data();
  }
  if (rows == tile_rows_) return whole_.Run(codes, query_codes_.data(), tile_.data());
  if (rows != last_rows_) {
    if (Status s = MakeGemm(rows, &last_); !s.ok()) return s;
    last_rows_ = rows;
  }
  return last_.Run(codes, query_codes_.data(), tile_.data());
}

Status TopkScanner::ScanTile(size_t first, size_t rows, TopkSelector* selector) {
  if (Status s = ComputeTile(first, rows); !s.ok()) return s;
  const bool l2 = prepared_->metric == TopkMetric::kL2;
  topk_filter({.sums = tile_.data(),
               .integers = product_ == TopkProduct::kInt8,
               .rows = rows,
               .stride = stride_,
               .row_scale = prepared_->scale.data() + first,
               .row_residual = prepared_->residual.data() + first,
               .row_length = prepared_->length.data() + first,
               .row_half_square = l2 ? prepared_->half_square.data() + first : nullptr,
               .queries = terms_,
               .first_row = static_cast<int32_t>(first),
               .selector = selector});
  return Status::Ok();
}

}  // namespace univar
