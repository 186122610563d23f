// Attention over packed sequences for every instruction set, see ops/attention.h.
//
// One unit of work is one head of one sequence; inside it, tiles of queries meet tiles of keys. Keys and values of a tile
// are copied once into contiguous, transposed and padded scratch, which the products then stream.
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/aligned_buffer.h"
#include "cpu/encoder_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/attention.cc"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>

#include "cpu/bf16-inl.h"
#include "cpu/small_gemm-inl.h"

#ifndef UNIVAR_ATTENTION_ONCE_H_
#define UNIVAR_ATTENTION_ONCE_H_
namespace univar {

constexpr size_t kQueryTile = 48;        // a multiple of the product's register block
constexpr size_t kAttentionKeyTile = 512;  // keys, values and scores of a tile stay in the second-level cache

// Rows padded to 16 floats suit every vector width.
inline size_t PadHead(size_t head_dim) { return (head_dim + 15) / 16 * 16; }

// Floats of scratch that one thread needs.
inline size_t AttentionScratch(size_t head_dim) {
  const size_t d = PadHead(head_dim), keys = kAttentionKeyTile;
  return 6 * keys * d + 2 * kQueryTile * keys + 3 * kQueryTile * d + 4 * kQueryTile;
}

}  // namespace univar
#endif  // UNIVAR_ATTENTION_ONCE_H_

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;

// dst[rows, width] = factor * src, rows of `cols` floats that lie `stride` apart; the padding is zero.
void CopyRows(const float* src, size_t stride, size_t rows, size_t cols, size_t width, float factor, float* dst) {
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < cols; ++j) dst[i * width + j] = factor * src[i * stride + j];
    for (size_t j = cols; j < width; ++j) dst[i * width + j] = 0.0f;
  }
}

// dst[cols, width] = src^T; the padding up to `width` columns is zero.
void CopyTransposed(const float* src, size_t stride, size_t rows, size_t cols, size_t width, float* dst) {
  for (size_t j = 0; j < cols; ++j) {
    float* row = dst + j * width;
    for (size_t i = 0; i < rows; ++i) row[i] = src[i * stride + j];
    std::fill(row + rows, row + width, 0.0f);
  }
}

float RowMax(const float* x, size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  auto best = hn::Set(d, -std::numeric_limits<float>::infinity());
  size_t j = 0;
  for (; j + lanes <= n; j += lanes) best = hn::Max(best, hn::LoadU(d, x + j));
  float result = hn::ReduceMax(d, best);
  for (; j < n; ++j) result = std::max(result, x[j]);
  return result;
}

// x = exp(x - shift) on the first n of `width` entries, zero on the rest; returns the sum.
float ExpRow(float* x, size_t n, size_t width, float shift) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const auto minus = hn::Set(d, shift);
  auto sum = hn::Zero(d);
  size_t j = 0;
  for (; j + lanes <= n; j += lanes) {
    const auto e = hn::Exp(d, hn::Sub(hn::LoadU(d, x + j), minus));
    hn::StoreU(e, d, x + j);
    sum = hn::Add(sum, e);
  }
  float total = hn::ReduceSum(d, sum);
  for (; j < n; ++j) {
    x[j] = std::exp(x[j] - shift);
    total += x[j];
  }
  std::fill(x + n, x + width, 0.0f);
  return total;
}

void ScaleRow(float* x, size_t n, float factor) {
  for (size_t j = 0; j < n; ++j) x[j] *= factor;
}

void AttentionForwardHead(const AttentionForwardArgs& args, size_t sequence, size_t head, float* scratch) {
  const auto& shape = args.shape;
  const size_t begin = static_cast<size_t>(shape.offsets[sequence]);
  const size_t length = static_cast<size_t>(shape.offsets[sequence + 1]) - begin;
  const size_t dim = shape.head_dim, model = shape.heads * dim, stride = 3 * model;
  const size_t pad = PadHead(dim), lanes = hn::Lanes(D());
  const float* q = args.qkv + begin * stride + head * dim;
  const float* k = q + model;
  const float* v = k + model;
  const float factor = 1.0f / std::sqrt(static_cast<float>(dim));

  float* keys = scratch;                                // [dim, tile], transposed
  float* values = keys + kAttentionKeyTile * pad;       // [tile, pad]
  float* scores = values + kAttentionKeyTile * pad;     // [kQueryTile, tile]
  float* queries = scores + kQueryTile * kAttentionKeyTile;  // [kQueryTile, pad]
  float* out = queries + kQueryTile * pad;              // [kQueryTile, pad]
  float* max = out + kQueryTile * pad;                  // [kQueryTile]
  float* sum = max + kQueryTile;                        // [kQueryTile]

  const bool one_tile = length <= kAttentionKeyTile;
  for (size_t i0 = 0; i0 < length; i0 += kQueryTile) {
    const size_t m = std::min(kQueryTile, length - i0);
    CopyRows(q + i0 * stride, stride, m, dim, pad, factor, queries);
    std::fill(max, max + m, -std::numeric_limits<float>::infinity());
    std::fill(sum, sum + m, 0.0f);
    for (size_t j0 = 0; j0 < length; j0 += kAttentionKeyTile) {
      const size_t n = std::min(kAttentionKeyTile, length - j0);
      const size_t width = (n + lanes - 1) / lanes * lanes;
      if (!one_tile || i0 == 0) {
        CopyTransposed(k + j0 * stride, stride, n, dim, width, keys);
        CopyRows(v + j0 * stride, stride, n, dim, pad, 1.0f, values);
      }
      SmallGemm<false>({queries, pad, 1, keys, width, scores, width, m, width, dim});
      for (size_t i = 0; i < m; ++i) {
        float* row = scores + i * width;
        const float next = std::max(max[i], RowMax(row, n));
        const float rescale = std::exp(max[i] - next);  // 0 for the first tile
        sum[i] = sum[i] * rescale + ExpRow(row, n, width, next);
        if (j0 != 0) ScaleRow(out + i * pad, pad, rescale);
        max[i] = next;
      }
      const SmallGemmArgs weighted{scores, width, 1, values, pad, out, pad, m, pad, n};
      j0 == 0 ? SmallGemm<false>(weighted) : SmallGemm<true>(weighted);
    }
    for (size_t i = 0; i < m; ++i) {
      const size_t token = begin + i0 + i;
      CopyRows(out + i * pad, pad, 1, dim, dim, 1.0f / sum[i], args.o + token * model + head * dim);
      if (args.o16 != nullptr) {
        const float* row = args.o + token * model + head * dim;
        for (size_t c = 0; c < dim; c += lanes) {
          StoreBf16(D(), hn::LoadN(D(), row + c, dim - c), args.o16 + token * model + head * dim + c, dim - c);
        }
      }
      if (args.lse != nullptr) args.lse[token * shape.heads + head] = max[i] + std::log(sum[i]);
    }
  }
}

void AttentionBackwardHead(const AttentionBackwardArgs& args, size_t sequence, size_t head, float* scratch) {
  const auto& shape = args.shape;
  const size_t begin = static_cast<size_t>(shape.offsets[sequence]);
  const size_t length = static_cast<size_t>(shape.offsets[sequence + 1]) - begin;
  const size_t dim = shape.head_dim, model = shape.heads * dim, stride = 3 * model;
  const size_t pad = PadHead(dim), lanes = hn::Lanes(D());
  const size_t column = begin * stride + head * dim;
  const float* q = args.qkv + column;
  const float* k = q + model;
  const float* v = k + model;
  float* dq = args.dqkv + column;
  float* dk = dq + model;
  float* dv = dk + model;
  const float* o = args.o + begin * model + head * dim;
  const float* d_o = args.d_o + begin * model + head * dim;
  const float factor = 1.0f / std::sqrt(static_cast<float>(dim));

  const size_t tile = kAttentionKeyTile;
  float* keys_t = scratch;               // [dim, tile]
  float* values_t = keys_t + tile * pad; // [dim, tile]
  float* keys = values_t + tile * pad;   // [tile, pad]
  float* dkeys = keys + tile * pad;      // [tile, pad]
  float* dvalues = dkeys + tile * pad;   // [tile, pad]
  float* p = dvalues + tile * pad;       // [kQueryTile, tile]
  float* dz = p + kQueryTile * tile;     // [kQueryTile, tile]
  float* queries = dz + kQueryTile * tile;  // [kQueryTile, pad], scaled
  float* douts = queries + kQueryTile * pad;  // [kQueryTile, pad]
  float* dqueries = douts + kQueryTile * pad; // [kQueryTile, pad]

  for (size_t j0 = 0; j0 < length; j0 += tile) {
    const size_t n = std::min(tile, length - j0);
    const size_t width = (n + lanes - 1) / lanes * lanes;
    CopyTransposed(k + j0 * stride, stride, n, dim, width, keys_t);
    CopyTransposed(v + j0 * stride, stride, n, dim, width, values_t);
    CopyRows(k + j0 * stride, stride, n, dim, pad, factor, keys);
    std::fill(dkeys, dkeys + n * pad, 0.0f);
    std::fill(dvalues, dvalues + n * pad, 0.0f);
    for (size_t i0 = 0; i0 < length; i0 += kQueryTile) {
      const size_t m = std::min(kQueryTile, length - i0);
      CopyRows(q + i0 * stride, stride, m, dim, pad, factor, queries);
      CopyRows(d_o + i0 * model, model, m, dim, pad, 1.0f, douts);
      SmallGemm<false>({queries, pad, 1, keys_t, width, p, width, m, width, dim});
      SmallGemm<false>({douts, pad, 1, values_t, width, dz, width, m, width, dim});
      for (size_t i = 0; i < m; ++i) {
        const size_t token = i0 + i;
        float dot = 0.0f;
        for (size_t c = 0; c < dim; ++c) dot += d_o[token * model + c] * o[token * model + c];
        float* p_row = p + i * width;
        float* dz_row = dz + i * width;
        ExpRow(p_row, n, width, args.lse[(begin + token) * shape.heads + head]);
        for (size_t j = 0; j < width; ++j) dz_row[j] = p_row[j] * (dz_row[j] - dot);
      }
      SmallGemm<true>({p, 1, width, douts, pad, dvalues, pad, n, pad, m});
      SmallGemm<true>({dz, 1, width, queries, pad, dkeys, pad, n, pad, m});
      SmallGemm<false>({dz, width, 1, keys, pad, dqueries, pad, m, pad, n});
      for (size_t i = 0; i < m; ++i) {
        float* row = dq + (i0 + i) * stride;
        const float* from = dqueries + i * pad;
        if (j0 == 0) {
          std::copy(from, from + dim, row);
        } else {
          for (size_t c = 0; c < dim; ++c) row[c] += from[c];
        }
      }
    }
    for (size_t j = 0; j < n; ++j) {
      std::copy(dkeys + j * pad, dkeys + j * pad + dim, dk + (j0 + j) * stride);
      std::copy(dvalues + j * pad, dvalues + j * pad + dim, dv + (j0 + j) * stride);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace univar {

HWY_EXPORT(AttentionForwardHead);
HWY_EXPORT(AttentionBackwardHead);

namespace {

template <typename Args, typename Head>
Status ForEachHead(const Args& args, const Control& control, Head head_function) {
  const auto& shape = args.shape;
  const size_t scratch = AttentionScratch(shape.head_dim);
  AlignedBuffer<float> buffer;
  if (Status s = buffer.Allocate(scratch * static_cast<size_t>(omp_get_max_threads()), "attention"); !s.ok()) return s;
  std::atomic<bool> cancelled{false};
#pragma omp parallel for collapse(2) schedule(dynamic, 1)
  for (size_t sequence = 0; sequence < shape.sequences; ++sequence) {
    for (size_t head = 0; head < shape.heads; ++head) {
      if (cancelled.load(std::memory_order_relaxed)) continue;
      if (head == 0 && control.cancelled()) cancelled.store(true, std::memory_order_relaxed);
      head_function(args, sequence, head, buffer.data() + scratch * static_cast<size_t>(omp_get_thread_num()));
    }
  }
  return cancelled.load() ? Status::Aborted() : Status::Ok();
}

}  // namespace

Status attention_forward_cpu(const AttentionForwardArgs& args, const Control& control) {
  return ForEachHead(args, control, HWY_DYNAMIC_POINTER(AttentionForwardHead));
}

Status attention_backward_cpu(const AttentionBackwardArgs& args, const Control& control) {
  return ForEachHead(args, control, HWY_DYNAMIC_POINTER(AttentionBackwardHead));
}

}  // namespace univar
#endif  // HWY_ONCE
