// Scan of base tiles, see topk_scan.h.
#include "cpu/topk_scan.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/compiler.h"
#include "core/numbers.h"
#include "core/simd_targets.h"
#include "core/work_counters.h"
#include "cpu/topk_filter.h"
#include "cpu/topk_int16.h"

namespace univar {
namespace {

constexpr size_t kStrideMultiple = kInt16Queries;  // also a multiple of every float vector width
constexpr size_t kTileRows = 256;
constexpr size_t kMinBlockQueries = 8;  // with fewer, most of a block product is wasted

TopkProduct ChooseProduct(RowCode code, size_t dim, size_t queries) {
  if (queries < kMinBlockQueries) return TopkProduct::kDots;
  if (code == RowCode::kBf16 && HasNativeBf16()) return TopkProduct::kBf16;
  if (code == RowCode::kInt8 && dim <= kMaxIntegerDim) {
    return HasNativeInt8() ? TopkProduct::kInt8 : TopkProduct::kInt16;
  }
  return TopkProduct::kF32;
}

RowCode QueryCode(TopkProduct product) {
  switch (product) {
    case TopkProduct::kDots:
    case TopkProduct::kF32: return RowCode::kF32;
    case TopkProduct::kBf16: return RowCode::kBf16;
    case TopkProduct::kInt8: return RowCode::kInt8;
    case TopkProduct::kInt16: return RowCode::kInt16;
  }
  UNIVAR_UNREACHABLE();
}

template <class T>
Status AllocateFilled(AlignedBuffer<T>* buffer, size_t size, T value) {
  if (Status s = buffer->Allocate(size, "top-k query terms"); !s.ok()) return s;
  std::fill_n(buffer->data(), size, value);
  return Status::Ok();
}

}  // namespace

Status TopkScanner::Init(const CpuTopkBase* prepared, ConstMatrix base, ConstMatrix queries, QueryTerms* terms) {
  prepared_ = prepared;
  base_ = base.data;
  terms_ = terms;
  queries_ = queries.rows;
  dim_ = queries.cols;
  stride_ = RoundUp(queries_, kStrideMultiple);
  base_code_ = code_for(prepared->storage());
  product_ = ChooseProduct(base_code_, dim_, queries_);
  query_code_ = QueryCode(product_);
  if (Status s = AllocateTile(); !s.ok()) return s;
  return EncodeQueries(queries);
}

Status TopkScanner::AllocateTile() {
  // The tile and its products stay in the second-level cache.
  tile_rows_ = std::clamp((size_t{1} << 20) / dim_, size_t{16}, kTileRows) / kInt16Rows * kInt16Rows;
  // The padding must be zero, because the filter reads it.
  if (Status s = AllocateFilled(&tile_, tile_rows_ * stride_, 0.0f); !s.ok()) return s;
  if (product_ == TopkProduct::kDots) return Status::Ok();
  if (product_ == TopkProduct::kInt16) return wide_.Allocate(tile_rows_ * (dim_ + 1), "a widened top-k tile");
  if (product_ == TopkProduct::kF32 && base_code_ != RowCode::kF32) {
    if (Status s = decoded_.Allocate(tile_rows_ * dim_, "a decoded top-k tile"); !s.ok()) return s;
  }
  return MakeGemm(tile_rows_, &whole_);
}

Status TopkScanner::EncodeQueries(ConstMatrix queries) {
  for (auto* weights : {&terms_->scale, &terms_->residual, &terms_->dot_weight, &terms_->norm_weight}) {
    if (Status s = AllocateFilled(weights, stride_, 0.0f); !s.ok()) return s;
  }
  if (Status s = AllocateFilled(&terms_->threshold, stride_, std::numeric_limits<float>::infinity()); !s.ok()) return s;
  if (Status s = AllocateFilled(&terms_->norm, queries_, 0.0); !s.ok()) return s;
  if (Status s = AllocateFilled(&terms_->slack, queries_, 0.0); !s.ok()) return s;
  const size_t row_bytes = dim_ * code_size(query_code_);
  if (Status s = query_codes_.Allocate(queries_ * row_bytes, "encoded top-k queries"); !s.ok()) return s;
  AlignedBuffer<float> scratch;
  if (Status s = scratch.Allocate(dim_, "a scaled query"); !s.ok()) return s;

  const double summation = gamma_bound(dim_ + 64);
  for (size_t i = 0; i < queries_; ++i) {
    const EncodedRow query =
        encode_row(query_code_, queries.row(i), dim_, query_codes_.data() + i * row_bytes, scratch.data());
    const double s = query.norm / prepared_->unit, m = std::max(1.0, s);
    terms_->norm[i] = query.norm;
    terms_->scale[i] = query.scale;
    terms_->residual[i] = round_up(query.residual + summation * (1.0 + query.residual));
    terms_->threshold[i] = -std::numeric_limits<float>::infinity();
    terms_->slack[i] = 0x1p-119;
    if (prepared_->metric.sums_differences) {
      terms_->dot_weight[i] = static_cast<float>(s / m);
      terms_->norm_weight[i] = static_cast<float>((1.0 - 0x1p-20) / m);
      terms_->slack[i] += static_cast<double>(dim_ + 8) * 0x1p-51 * s * s / m;
    }
  }
  if (product_ != TopkProduct::kInt16) return Status::Ok();
  if (Status s = packed_.Allocate(packed_int16_size(stride_, dim_), "packed top-k queries"); !s.ok()) return s;
  pack_int16(reinterpret_cast<const int16_t*>(query_codes_.data()), queries_, dim_, stride_, packed_.data());
  return Status::Ok();
}

Status TopkScanner::MakeGemm(size_t rows, Gemm* gemm) const {
  // Scores are [rows, queries], because oneDNN then repacks the small operand at every call.
  GemmSpec spec{.m = rows, .n = queries_, .k = dim_, .transpose_b = true, .ldc = stride_};
  if (product_ == TopkProduct::kBf16) spec.a = spec.b = GemmType::kBf16;
  if (product_ == TopkProduct::kInt8) {
    spec.a = spec.b = GemmType::kS8;
    spec.c = GemmType::kS32;
  }
  return Gemm::Create(spec, gemm);
}

Status TopkScanner::RunGemm(size_t rows, const void* codes) {
  if (decoded_.size() != 0) {
    decode(base_code_, codes, rows * dim_, decoded_.data());
    codes = decoded_.data();
  }
  if (rows == tile_rows_) return whole_.Run(codes, query_codes_.data(), tile_.data());
  if (rows != last_rows_) {
    if (Status s = MakeGemm(rows, &last_); !s.ok()) return s;
    last_rows_ = rows;
  }
  return last_.Run(codes, query_codes_.data(), tile_.data());
}

void TopkScanner::RunDots(size_t rows, const void* codes) {
  const auto* query = reinterpret_cast<const float*>(query_codes_.data());
  const auto* row = static_cast<const uint8_t*>(codes);
  for (size_t j = 0; j < rows; ++j, row += dim_ * code_size(base_code_)) {
    for (size_t i = 0; i < queries_; ++i) tile_[j * stride_ + i] = dot_codes(base_code_, query + i * dim_, row, dim_);
  }
}

Status TopkScanner::ScanTile(size_t first, size_t rows, TopkSelector* selector) {
  CountTile();
  const void* codes = prepared_->row_codes(base_, first);
  if (product_ == TopkProduct::kDots) {
    RunDots(rows, codes);
  } else if (product_ == TopkProduct::kInt16) {
    multiply_int16(static_cast<const int8_t*>(codes), rows, dim_, packed_.data(), stride_, wide_.data(),
                   reinterpret_cast<int32_t*>(tile_.data()));
  } else if (Status s = RunGemm(rows, codes); !s.ok()) {
    return s;
  }
  const bool differences = prepared_->metric.sums_differences;
  topk_filter({.sums = tile_.data(),
               .integers = product_ == TopkProduct::kInt8 || product_ == TopkProduct::kInt16,
               .rows = rows,
               .stride = stride_,
               .row_scale = prepared_->scale.data() + first,
               .row_residual = prepared_->residual.data() + first,
               .row_length = prepared_->length.data() + first,
               .row_half_square = differences ? prepared_->half_square.data() + first : nullptr,
               .queries = terms_,
               .first_row = static_cast<int32_t>(first),
               .selector = selector});
  return Status::Ok();
}

}  // namespace univar
