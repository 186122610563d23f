// Attention over packed sequences for every instruction set, see ops/attention.h.
//
// Tiles of queries of one head are combined with tiles of keys. Scores are stored transposed, with a row per key and a
// lane per query. The maxima and sums of the softmax then run along the rows without crossing lanes, keys need no
// padding, and every product streams contiguous rows and broadcasts the other operand.
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <vector>

#include "core/aligned_buffer.h"
#include "core/numbers.h"
#include "cpu/encoder_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/attention.cc"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>

#include "cpu/bf16-inl.h"
#include "cpu/exp-inl.h"
#include "cpu/small_gemm-inl.h"

#ifndef UNIVAR_ATTENTION_ONCE_H_
#define UNIVAR_ATTENTION_ONCE_H_
namespace univar {

constexpr size_t kQueryTile = 64;
constexpr size_t kAttentionKeyTile = 256;  // keys, values, scores and their gradients stay in the second-level cache
// Stride in floats of rows with a lane per query. It is an odd number of cache lines, so a column uses all sets of the
// first-level cache.
constexpr size_t kQueryStride = kQueryTile + 16;
constexpr size_t kUnitQueries = 512;  // queries per unit of parallel work in the forward pass

// Queries [first, last) of a sequence.
struct AttentionUnit {
  int32_t sequence = 0, first = 0, last = 0;
};

// Rows padded to 16 floats suit every vector width.
inline size_t PadHead(size_t head_dim) { return RoundUp(head_dim, 16); }

// Scratch of one thread, about 0.5 MB at 64 dimensions. Forward uses only the first part.
struct AttentionScratch {
  // If `memory` is null, only counts the floats.
  AttentionScratch(float* memory, size_t pad) : memory_(memory) {
    keys = Take(kAttentionKeyTile * pad);
    values = Take(kAttentionKeyTile * pad);
    scores = Take(kAttentionKeyTile * kQueryStride);
    queries = Take(kQueryTile * pad);
    queries_t = Take(pad * kQueryStride);
    out = Take(kQueryTile * pad);
    max = Take(kQueryStride);
    sum = Take(kQueryStride);
    rescale = Take(kQueryStride);
    dkeys = Take(kAttentionKeyTile * pad);
    dvalues = Take(kAttentionKeyTile * pad);
    dscores = Take(kAttentionKeyTile * kQueryStride);
    douts = Take(kQueryTile * pad);
    douts_t = Take(pad * kQueryStride);
    lse = Take(kQueryStride);
    dot = Take(kQueryStride);
  }

  float *keys, *values, *dkeys, *dvalues;  // [kAttentionKeyTile, pad]
  float *scores, *dscores;                 // [kAttentionKeyTile, kQueryStride]
  float *queries, *out, *douts;            // [kQueryTile, pad]
  float *queries_t, *douts_t;              // [pad, kQueryStride]
  float *max, *sum, *rescale, *lse, *dot;  // [kQueryStride]
  size_t size = 0;

 private:
  float* Take(size_t n) {
    float* taken = memory_ == nullptr ? nullptr : memory_ + size;
    size += n;
    return taken;
  }
  float* memory_;
};

}  // namespace univar
#endif  // UNIVAR_ATTENTION_ONCE_H_

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;

inline size_t RoundUpToLanes(size_t n) { return RoundUp(n, hn::Lanes(D())); }

// Copies the `cols` floats at src + i * stride, times factor, to row i of dst. Fills the rest of each row, `width`
// floats wide, and the rows up to `padded_rows` with zeros.
void CopyRows(const float* src, size_t stride, size_t rows, size_t padded_rows, size_t cols, size_t width, float factor,
              float* dst) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const auto scale = hn::Set(d, factor);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < width; j += lanes) {
      auto v = hn::Zero(d);
      if (j + lanes <= cols) {
        v = hn::LoadU(d, src + i * stride + j);
      } else if (j < cols) {
        v = hn::LoadN(d, src + i * stride + j, cols - j);
      }
      hn::StoreU(hn::Mul(v, scale), d, dst + i * width + j);
    }
  }
  std::fill(dst + rows * width, dst + padded_rows * width, 0.0f);
}

// dst[cols, kQueryStride] = factor * src[rows, cols]^T, where rows and cols are multiples of 4.
void Transpose(const float* src, size_t rows, size_t cols, float factor, float* dst) {
  const hn::FixedTag<float, 4> d;
  const hn::Repartition<double, decltype(d)> dd;
  const auto scale = hn::Set(d, factor);
  for (size_t i = 0; i < rows; i += 4) {
    for (size_t j = 0; j < cols; j += 4) {
      const float* from = src + i * cols + j;
      const auto a = hn::Mul(hn::Load(d, from), scale), b = hn::Mul(hn::Load(d, from + cols), scale);
      const auto c = hn::Mul(hn::Load(d, from + 2 * cols), scale), e = hn::Mul(hn::Load(d, from + 3 * cols), scale);
      const auto ab_low = hn::BitCast(dd, hn::InterleaveLower(d, a, b)),
                 ab_high = hn::BitCast(dd, hn::InterleaveUpper(d, a, b));
      const auto ce_low = hn::BitCast(dd, hn::InterleaveLower(d, c, e)),
                 ce_high = hn::BitCast(dd, hn::InterleaveUpper(d, c, e));
      float* to = dst + j * kQueryStride + i;
      hn::Store(hn::BitCast(d, hn::InterleaveLower(dd, ab_low, ce_low)), d, to);
      hn::Store(hn::BitCast(d, hn::InterleaveUpper(dd, ab_low, ce_low)), d, to + kQueryStride);
      hn::Store(hn::BitCast(d, hn::InterleaveLower(dd, ab_high, ce_high)), d, to + 2 * kQueryStride);
      hn::Store(hn::BitCast(d, hn::InterleaveUpper(dd, ab_high, ce_high)), d, to + 3 * kQueryStride);
    }
  }
}

// y = factor * x, plus y if `accumulate` is set.
void WriteRow(const float* x, size_t n, float factor, bool accumulate, float* y) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const auto scale = hn::Set(d, factor);
  for (size_t j = 0; j < n; j += lanes) {
    const size_t count = std::min(lanes, n - j);
    auto v = hn::Mul(hn::LoadU(d, x + j), scale);  // x is padded
    if (count == lanes) {
      if (accumulate) v = hn::Add(v, hn::LoadU(d, y + j));
      hn::StoreU(v, d, y + j);
    } else {
      if (accumulate) v = hn::Add(v, hn::LoadN(d, y + j, count));
      hn::StoreN(v, d, y + j, count);
    }
  }
}

// y = factor * x, rounded to bfloat16.
void WriteRowBf16(const float* x, size_t n, float factor, uint16_t* y) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const auto scale = hn::Set(d, factor);
  for (size_t j = 0; j < n; j += lanes) {
    StoreBf16(d, hn::Mul(hn::LoadU(d, x + j), scale), y + j, std::min(lanes, n - j));
  }
}

// Returns the dot product of a with b or, if that is null, with b16.
float Dot(const float* a, const float* b, const uint16_t* b16, size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  auto sum = hn::Zero(d);
  for (size_t j = 0; j < n; j += lanes) {
    const size_t count = std::min(lanes, n - j);
    const auto x = count == lanes ? hn::LoadU(d, a + j) : hn::LoadN(d, a + j, count);
    const auto y = b == nullptr     ? LoadBf16(d, b16 + j, count)
                   : count == lanes ? hn::LoadU(d, b + j)
                                    : hn::LoadN(d, b + j, count);
    sum = hn::MulAdd(x, y, sum);
  }
  return hn::ReduceSum(d, sum);
}

// Turns scores, in units of log 2, into exponentials relative to the running maximum, and updates the sums. `rescale`
// is the factor for older results: the sums are already multiplied by it, the outputs are not.
void Softmax(const AttentionScratch& s, size_t keys, size_t width) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  for (size_t i = 0; i < width; i += lanes) {
    float* column = s.scores + i;
    const auto before = hn::Load(d, s.max + i);
    auto max = before;
    for (size_t j = 0; j < keys; ++j) max = hn::Max(max, hn::Load(d, column + j * kQueryStride));
    const auto rescale = Pow2(d, hn::Sub(before, max));
    auto sum = hn::Mul(hn::Load(d, s.sum + i), rescale);
    for (size_t j = 0; j < keys; ++j) {
      const auto e = Pow2(d, hn::Sub(hn::Load(d, column + j * kQueryStride), max));
      hn::Store(e, d, column + j * kQueryStride);
      sum = hn::Add(sum, e);
    }
    hn::Store(max, d, s.max + i);
    hn::Store(sum, d, s.sum + i);
    hn::Store(rescale, d, s.rescale + i);
  }
}

// Writes a tile's output rows and log-sum-exps.
void FinishQueries(const AttentionForwardArgs& args, const AttentionScratch& s, size_t token, size_t m, size_t head) {
  const D d;
  const size_t dim = args.shape.head_dim, heads = args.shape.heads, pad = PadHead(dim);
  for (size_t i = 0; i < m; ++i) {
    const size_t at = ((token + i) * heads + head) * dim;
    if (args.o != nullptr) WriteRow(s.out + i * pad, dim, 1.0f / s.sum[i], false, args.o + at);
    if (args.o16 != nullptr) WriteRowBf16(s.out + i * pad, dim, 1.0f / s.sum[i], args.o16 + at);
  }
  if (args.lse == nullptr) return;
  const auto log2 = hn::Set(d, kLn2);
  for (size_t i = 0; i < m; i += hn::Lanes(d)) {
    hn::Store(hn::MulAdd(hn::Load(d, s.max + i), log2, hn::Log(d, hn::Load(d, s.sum + i))), d, s.rescale + i);
  }
  for (size_t i = 0; i < m; ++i) args.lse[(token + i) * heads + head] = s.rescale[i];
}

void AttentionForwardUnit(const AttentionForwardArgs& args, const AttentionUnit& unit, size_t head, float* memory) {
  const auto& shape = args.shape;
  const size_t begin = static_cast<size_t>(shape.offsets[unit.sequence]);
  const size_t length = static_cast<size_t>(shape.offsets[unit.sequence + 1]) - begin;
  const size_t dim = shape.head_dim, model = shape.heads * dim, stride = 3 * model, pad = PadHead(dim);
  const float* q = args.qkv + begin * stride + head * dim;
  const float* k = q + model;
  const float* v = k + model;
  const float factor = kLog2E / std::sqrt(static_cast<float>(dim));
  const AttentionScratch s(memory, pad);

  const size_t first = static_cast<size_t>(unit.first), last = static_cast<size_t>(unit.last);
  const bool one_tile = length <= kAttentionKeyTile;
  for (size_t i0 = first; i0 < last; i0 += kQueryTile) {
    const size_t m = std::min(kQueryTile, last - i0);
    const size_t width = RoundUpToLanes(m);
    CopyRows(q + i0 * stride, stride, m, width, dim, pad, 1.0f, s.queries);
    Transpose(s.queries, width, pad, factor, s.queries_t);
    std::fill_n(s.max, width, -std::numeric_limits<float>::infinity());
    std::fill_n(s.sum, width, 0.0f);
    for (size_t j0 = 0; j0 < length; j0 += kAttentionKeyTile) {
      const size_t n = std::min(kAttentionKeyTile, length - j0);
      if (!one_tile || i0 == first) {
        CopyRows(k + j0 * stride, stride, n, n, dim, pad, 1.0f, s.keys);
        CopyRows(v + j0 * stride, stride, n, n, dim, pad, 1.0f, s.values);
      }
      SmallGemm<false, false>({s.keys, pad, s.queries_t, kQueryStride, s.scores, kQueryStride, n, width, dim});
      Softmax(s, n, width);
      const SmallGemmArgs weighted{s.scores, kQueryStride, s.values, pad, s.out, pad, m, pad, n};
      if (j0 == 0) {
        SmallGemm<true, false>(weighted);
      } else {
        for (size_t i = 0; i < m; ++i) WriteRow(s.out + i * pad, pad, s.rescale[i], false, s.out + i * pad);
        SmallGemm<true, true>(weighted);
      }
    }
    FinishQueries(args, s, begin + i0, m, head);
  }
}

// Replaces scores z by P, computed from lse, and dscores dP by dz, computed from P and the row's product of output and
// gradient.
void SoftmaxBackward(const AttentionScratch& s, size_t keys, size_t width) {
  const D d;
  for (size_t i = 0; i < width; i += hn::Lanes(d)) {
    const auto lse = hn::Load(d, s.lse + i), dot = hn::Load(d, s.dot + i);
    for (size_t j = 0; j < keys; ++j) {
      float* z = s.scores + j * kQueryStride + i;
      float* dz = s.dscores + j * kQueryStride + i;
      const auto p = Pow2(d, hn::Sub(hn::Load(d, z), lse));
      hn::Store(p, d, z);
      hn::Store(hn::Mul(p, hn::Sub(hn::Load(d, dz), dot)), d, dz);
    }
  }
}

void AttentionBackwardUnit(const AttentionBackwardArgs& args, const AttentionUnit& unit, size_t head, float* memory) {
  const auto& shape = args.shape;
  const size_t begin = static_cast<size_t>(shape.offsets[unit.sequence]);
  const size_t length = static_cast<size_t>(shape.offsets[unit.sequence + 1]) - begin;
  const size_t dim = shape.head_dim, model = shape.heads * dim, stride = 3 * model, pad = PadHead(dim);
  const size_t column = begin * stride + head * dim;
  const float* q = args.qkv + column;
  const float* k = q + model;
  const float* v = k + model;
  float* dq = args.dqkv + column;
  float* dk = dq + model;
  float* dv = dk + model;
  const size_t outputs = begin * model + head * dim;
  const float* o = args.o == nullptr ? nullptr : args.o + outputs;
  const uint16_t* o16 = args.o == nullptr ? args.o16 + outputs : nullptr;
  const float* d_o = args.d_o + outputs;
  const float factor = 1.0f / std::sqrt(static_cast<float>(dim));
  const AttentionScratch s(memory, pad);

  for (size_t j0 = 0; j0 < length; j0 += kAttentionKeyTile) {
    const size_t n = std::min(kAttentionKeyTile, length - j0);
    CopyRows(k + j0 * stride, stride, n, n, dim, pad, 1.0f, s.keys);
    CopyRows(v + j0 * stride, stride, n, n, dim, pad, 1.0f, s.values);
    std::fill_n(s.dkeys, n * pad, 0.0f);
    std::fill_n(s.dvalues, n * pad, 0.0f);
    for (size_t i0 = 0; i0 < length; i0 += kQueryTile) {
      const size_t m = std::min(kQueryTile, length - i0);
      const size_t width = RoundUpToLanes(m);
      CopyRows(q + i0 * stride, stride, m, width, dim, pad, factor, s.queries);
      CopyRows(d_o + i0 * model, model, m, width, dim, pad, 1.0f, s.douts);
      Transpose(s.queries, width, pad, kLog2E, s.queries_t);
      Transpose(s.douts, width, pad, 1.0f, s.douts_t);
      for (size_t i = 0; i < width; ++i) {
        const size_t token = i0 + i;
        s.dot[i] = 0.0f;
        if (i < m) {
          const size_t row = token * model;
          s.dot[i] = Dot(d_o + row, o == nullptr ? nullptr : o + row, o16 == nullptr ? nullptr : o16 + row, dim);
        }
        s.lse[i] = i < m ? kLog2E * args.lse[(begin + token) * shape.heads + head] : 0.0f;
      }
      SmallGemm<false, false>({s.keys, pad, s.queries_t, kQueryStride, s.scores, kQueryStride, n, width, dim});
      SmallGemm<false, false>({s.values, pad, s.douts_t, kQueryStride, s.dscores, kQueryStride, n, width, dim});
      SoftmaxBackward(s, n, width);
      SmallGemm<false, true>({s.scores, kQueryStride, s.douts, pad, s.dvalues, pad, n, pad, m});
      SmallGemm<false, true>({s.dscores, kQueryStride, s.queries, pad, s.dkeys, pad, n, pad, m});
      SmallGemm<true, false>({s.dscores, kQueryStride, s.keys, pad, s.out, pad, m, pad, n});
      for (size_t i = 0; i < m; ++i) {
        WriteRow(s.out + i * pad, dim, factor, j0 != 0, dq + (i0 + i) * stride);
      }
    }
    for (size_t j = 0; j < n; ++j) {
      WriteRow(s.dkeys + j * pad, dim, 1.0f, false, dk + (j0 + j) * stride);
      WriteRow(s.dvalues + j * pad, dim, 1.0f, false, dv + (j0 + j) * stride);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace univar {

HWY_EXPORT(AttentionForwardUnit);
HWY_EXPORT(AttentionBackwardUnit);

namespace {

// Temporary memory of a call. The calling thread (the engine thread for wide jobs) keeps it, because every layer of
// every micro-batch calls again. Its size is bounded by the longest list of sequences and the number of threads, and it
// is freed when the thread exits.
struct Workspace {
  std::vector<AttentionUnit> units;
  AlignedBuffer<float> scratch;
};

// Splits sequences into units of at most `queries` queries, longest sequences first. The last units are then small, so
// that the threads finish at about the same time.
void ListUnits(const AttentionShape& shape, size_t queries, std::vector<AttentionUnit>* units) {
  units->clear();
  for (size_t s = 0; s < shape.sequences; ++s) {
    const int32_t length = shape.offsets[s + 1] - shape.offsets[s];
    for (size_t first = 0; first < static_cast<size_t>(length); first += queries) {
      const size_t last = std::min(static_cast<size_t>(length), first + queries);
      units->push_back({static_cast<int32_t>(s), static_cast<int32_t>(first), static_cast<int32_t>(last)});
    }
  }
  const auto length = [&](const AttentionUnit& u) { return shape.offsets[u.sequence + 1] - shape.offsets[u.sequence]; };
  std::sort(units->begin(), units->end(), [&](const AttentionUnit& a, const AttentionUnit& b) {
    if (length(a) != length(b)) return length(a) > length(b);
    return a.sequence != b.sequence ? a.sequence < b.sequence : a.first < b.first;
  });
}

template <typename Args, typename Function>
Status ForEachUnit(const Args& args, size_t queries, const Control& control, Function function) {
  thread_local Workspace workspace;
  std::vector<AttentionUnit>& units = workspace.units;
  ListUnits(args.shape, queries, &units);
  const size_t heads = args.shape.heads;
  const size_t scratch = AttentionScratch(nullptr, PadHead(args.shape.head_dim)).size;
  const size_t needed = scratch * static_cast<size_t>(omp_get_max_threads());
  if (workspace.scratch.size() < needed) {
    if (Status s = workspace.scratch.Allocate(needed, "attention"); !s.ok()) return s;
  }
  float* memory = workspace.scratch.data();  // other threads have separate workspaces
  std::atomic<bool> cancelled{false};
#pragma omp parallel for schedule(dynamic, 1)
  for (size_t i = 0; i < units.size() * heads; ++i) {
    if (cancelled.load(std::memory_order_relaxed)) continue;
    if (control.cancelled()) cancelled.store(true, std::memory_order_relaxed);
    function(args, units[i / heads], i % heads, memory + scratch * static_cast<size_t>(omp_get_thread_num()));
  }
  return cancelled.load() ? Status::Aborted() : Status::Ok();
}

}  // namespace

Status attention_forward_cpu(const AttentionForwardArgs& args, const Control& control) {
  return ForEachUnit(args, kUnitQueries, control, HWY_DYNAMIC_POINTER(AttentionForwardUnit));
}

// A unit is a complete sequence here, because all its queries add to the gradients of its keys. A single long sequence
// is parallel over heads.
Status attention_backward_cpu(const AttentionBackwardArgs& args, const Control& control) {
  return ForEachUnit(args, std::numeric_limits<int32_t>::max(), control, HWY_DYNAMIC_POINTER(AttentionBackwardUnit));
}

}  // namespace univar
#endif  // HWY_ONCE
