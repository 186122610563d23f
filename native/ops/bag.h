// Bags of embeddings: weighted sums of table rows, and the optimizer step of a table that is trained by such sums.
//
//   out = sum_k weight_k row(r_k)
//
// table: [rows, dim] of float32, float16 (IEEE half) or int8 with one float32 scale per row, row(r) = scale_r q_r.
// out: [dim] float32, overwritten; an empty bag gives zeros.
//
// The gradient of a row is itself a bag of the gradients of the sums, d_out: [samples, dim]:
//
//   g_r = sum_k weight_k d_out(s_k)   over the samples s_k that contain row r
//
// Row-wise Adagrad (Duchi et al. 2011, JMLR 12; one second moment per row, as in FBGEMM) applies it:
//
//   G_r += |g_r|^2 / dim,   row_r -= learning_rate / (sqrt(G_r) + 1e-10) g_r
//
// Numerics: Sums accumulate in float32 in the order of the entries. For up to 1,500 terms, the error is at most 5e-6 of
// the sum of their magnitudes. Results depend on the instruction set, but not on the number of threads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/compiler.h"

namespace univar {

enum class TableType { kF32, kF16, kInt8 };

constexpr size_t BytesOf(TableType type) {
  switch (type) {
    case TableType::kF32: return 4;
    case TableType::kF16: return 2;
    case TableType::kInt8: return 1;
  }
  UNIVAR_UNREACHABLE();
}

struct BagTable {
  const void* data = nullptr;
  const float* scales = nullptr;  // [rows], only for kInt8
  size_t rows = 0, dim = 0;
  TableType type = TableType::kF32;
};

struct BagEntry {
  uint32_t row;
  float weight;
};

// Sums one bag on the calling thread.
using BagForwardFn = void (*)(const BagTable& table, const BagEntry* entries, size_t count, float* out);

// Rows to update: row i of the step is touched[i] of the table, with entries offsets[i] to offsets[i + 1] - 1. The
// `row` of an entry is a sample, a row of d_out.
struct BagStepArgs {
  float* rows = nullptr;     // [table rows, dim]
  float* moments = nullptr;  // [table rows], G
  size_t dim = 0;
  const uint32_t* touched = nullptr;  // distinct
  const uint32_t* offsets = nullptr;
  const BagEntry* entries = nullptr;
  const float* d_out = nullptr;  // [samples, dim]
  double learning_rate = 0;
};

// Updates rows begin to end - 1 of the step on the calling thread. gradient: [dim], scratch.
using BagStepFn = void (*)(const BagStepArgs& args, size_t begin, size_t end, float* gradient);

}  // namespace univar
