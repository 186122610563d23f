// Compares a block of queries with tiles of a prepared base and passes possible results to a selector.
#pragma once

#include "core/aligned_buffer.h"
#include "core/matrix.h"
#include "cpu/gemm.h"
#include "cpu/topk_base.h"
#include "cpu/topk_select.h"

namespace univar {

// Methods to compute approximate scores.
enum class TopkProduct {
  kDots,   // row by row in float32, for few queries
  kF32,    // oneDNN in float32, codes decoded tile by tile
  kBf16,   // oneDNN on bf16 codes
  kInt8,   // oneDNN on int8 codes
  kInt16,  // our kernel on int8 codes and int16 queries
};

class TopkScanner {
 public:
  // Encodes the queries and fills `terms`. `base` contains the float32 rows of `prepared`.
  Status Init(const CpuTopkBase* prepared, ConstMatrix base, ConstMatrix queries, QueryTerms* terms);

  size_t tile_rows() const { return tile_rows_; }
  // Compares rows [first, first + rows) with all queries, where rows <= tile_rows().
  Status ScanTile(size_t first, size_t rows, TopkSelector* selector);

 private:
  Status AllocateTile();
  Status EncodeQueries(ConstMatrix queries);
  Status MakeGemm(size_t rows, Gemm* gemm) const;
  Status RunGemm(size_t rows, const void* codes);
  void RunDots(size_t rows, const void* codes);

  const CpuTopkBase* prepared_ = nullptr;
  const float* base_ = nullptr;
  QueryTerms* terms_ = nullptr;
  size_t queries_ = 0, stride_ = 0, dim_ = 0, tile_rows_ = 0, last_rows_ = 0;
  TopkProduct product_ = TopkProduct::kDots;
  RowCode base_code_ = RowCode::kF32, query_code_ = RowCode::kF32;
  AlignedBuffer<uint8_t> query_codes_;  // [queries, dim]
  AlignedBuffer<int16_t> packed_;       // the same for kInt16
  AlignedBuffer<float> decoded_;        // [tile_rows, dim], for kF32 with low-precision codes
  AlignedBuffer<int16_t> wide_;         // [tile_rows, dim], for kInt16
  AlignedBuffer<float> tile_;           // [tile_rows, stride] sums: float32, or int32 for kInt8 and kInt16
  Gemm whole_, last_;                   // for full tiles, and for the shorter tile at the end of a segment
};

}  // namespace univar
