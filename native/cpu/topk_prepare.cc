// Turns float32 rows into a base that can be scanned, see ops/topk.h.
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "cpu/kernels.h"
#include "cpu/topk_base.h"
#include "cpu/topk_exact.h"

namespace univar {
namespace {

constexpr size_t kChunk = 8192;  // rows between two checks of the control block

// Rows shorter than this fraction of the longest row are scanned as zero rows. Their residual is their full length.
constexpr double kNegligible = 0x1p-100;

// Calls encode(row, scratch), which returns the norm of the row, for all rows. Stops at a row that is not finite.
template <class Encode>
Status ForEachRow(CpuTopkBase* base, const Encode& encode, const Control& control) {
  AlignedBuffer<float> scratch;
  const size_t threads = static_cast<size_t>(omp_get_max_threads());
  if (Status s = scratch.Allocate(threads * base->dim, "top-k scratch rows"); !s.ok()) return s;
  for (size_t begin = 0; begin < base->rows; begin += kChunk) {
    if (control.cancelled()) return Status::Aborted();
    const size_t end = std::min(begin + kChunk, base->rows);
    size_t bad = base->rows;
#pragma omp parallel for schedule(static) reduction(min : bad)
    for (size_t j = begin; j < end; ++j) {
      const double norm = encode(j, scratch.data() + static_cast<size_t>(omp_get_thread_num()) * base->dim);
      base->norms[j] = norm;
      if (!std::isfinite(norm)) bad = std::min(bad, j);
    }
    if (bad < base->rows) {
      return Status::Error(Code::kNonFinite,
                           "Expected finite numbers for \"base\", got NaN or Infinity in row " + std::to_string(bad));
    }
  }
  return Status::Ok();
}

Status EncodeRows(CpuTopkBase* base, const float* x, const Control& control) {
  const RowCode code = code_for(base->storage_);
  const size_t size = code_size(code) * base->dim;
  if (Status s = base->codes.Allocate(base->rows * size, "the codes of a top-k base"); !s.ok()) return s;
  const auto encode = [&](size_t j, float* scratch) {
    const EncodedRow row = encode_row(code, x + j * base->dim, base->dim, base->codes.data() + j * size, scratch);
    base->scale[j] = row.scale;
    base->residual[j] = row.residual;
    return row.norm;
  };
  return ForEachRow(base, encode, control);
}

// float32 rows of ordinary length need no codes: the rows themselves are scanned, without a residual.
Status MeasureRows(CpuTopkBase* base, const float* x, const Control& control, bool* ordinary) {
  const auto measure = [&](size_t j, float*) { return std::sqrt(exact_squared_norm(x + j * base->dim, base->dim)); };
  if (Status s = ForEachRow(base, measure, control); !s.ok()) return s;
  *ordinary = true;
  for (size_t j = 0; j < base->rows; ++j) {
    const double norm = base->norms[j];
    if (norm != 0.0 && (norm < kMinPlainNorm || norm > kMaxPlainNorm)) *ordinary = false;
  }
  return Status::Ok();
}

// Computes the terms of the bound from the scale and residual of each direction, now that the longest row is known.
void FinishTerms(CpuTopkBase* base) {
  const bool directions = base->metric.divides_by_norms;
  const double longest = *std::max_element(base->norms.data(), base->norms.data() + base->rows);
  if (!directions && longest > 0.0) base->unit = std::ldexp(1.0, std::ilogb(longest) + 1);
  const bool plain = base->codes.size() == 0;
  for (size_t j = 0; j < base->rows; ++j) {
    const double norm = base->norms[j];
    const double w = directions ? (norm > 0.0 ? 1.0 : 0.0) : norm / base->unit;
    if (w < kNegligible) {
      base->scale[j] = base->length[j] = 0.0f;
      base->residual[j] = round_up(w);
    } else {
      const double r = plain ? 0.0 : base->residual[j];
      base->scale[j] = static_cast<float>(plain ? w / norm : w * base->scale[j]);
      base->residual[j] = round_up(w * r);
      base->length[j] = round_up(w * (1.0 + r));
    }
    if (base->metric.sums_differences) base->half_square[j] = static_cast<float>(w * w / 2.0);
  }
}

}  // namespace

TopkStorage topk_storage_cpu(size_t dim, size_t queries) {
  // Integer products are the fastest on every CPU, but the conversion costs as much as about a hundred queries save.
  constexpr size_t kWorthConverting = 96;
  return queries >= kWorthConverting && dim <= kMaxIntegerDim ? TopkStorage::kInt8 : TopkStorage::kF32;
}

Status topk_prepare_cpu(ConstMatrix x, Metric metric, TopkStorage storage, std::unique_ptr<TopkBase>* prepared,
                        const Control& control) {
  auto base = std::make_unique<CpuTopkBase>();
  base->metric = TraitsOf(metric);
  base->storage_ = storage;
  base->rows = x.rows;
  base->dim = x.cols;
  for (auto* terms : {&base->scale, &base->residual, &base->length}) {
    if (Status s = terms->Allocate(x.rows, "the bounds of a top-k base"); !s.ok()) return s;
  }
  if (base->metric.sums_differences) {
    if (Status s = base->half_square.Allocate(x.rows, "the bounds of a top-k base"); !s.ok()) return s;
  }
  if (Status s = base->norms.Allocate(x.rows, "the norms of a top-k base"); !s.ok()) return s;

  bool ordinary = false;
  if (storage == TopkStorage::kF32) {
    if (Status s = MeasureRows(base.get(), x.data, control, &ordinary); !s.ok()) return s;
  }
  if (!ordinary) {
    if (Status s = EncodeRows(base.get(), x.data, control); !s.ok()) return s;
  }
  FinishTerms(base.get());
  if (!base->metric.divides_by_norms) base->norms = AlignedBuffer<double>();
  *prepared = std::move(base);
  return Status::Ok();
}

}  // namespace univar
