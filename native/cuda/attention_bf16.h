// The forward pass of attention (ops/attention.h) by tensor cores: queries, keys, values and weights are rounded to bf16, sums are
// float32. For encoders that do not train: no lse.
//
// Keys pass by twice, for the maxima and then for the weights, so that sums need no rescaling and can stay in the fragments of the
// tensor cores, whose layout is nobody's business. Products are cheap here.
#pragma once

#include "cuda/attention_tiles.h"
#include "cuda/warp_mma.h"

namespace univar::cuda {

// One block per tile of queries and head; a warp has 16 queries, and two threads share the softmax of one.
template <int kDim>
struct AttentionBf16Tile {
  static constexpr int kRows = kDim <= 64 ? 64 : 32, kKeys = 64;
  static constexpr int kThreads = kRows / kFragment * kWarp, kSharers = kThreads / kRows;
  static constexpr int kPad = 8;  // entries of bf16; keeps rows of a tile in different banks, and every row aligned
  static constexpr int kStride = kDim + kPad, kWeightStride = kKeys + kPad;
  static constexpr int kSumStride = (kKeys > kDim ? kKeys : kDim) + 4;
  static_assert(kSharers == 2 && kDim % kFragment == 0);
  AttentionForwardArgs args;

  static size_t shared_bytes() {
    return SharedBytes<Bf16>(kRows * kStride) + SharedBytes<Bf16>(kKeys * kStride) + SharedBytes<Bf16>(kRows * kWeightStride) +
           SharedBytes<float>(kRows * kSumStride) + SharedBytes<float>(kThreads);
  }
  size_t blocks() const { return CountTokenTiles(args.shape, kRows); }

  struct Tiles {
    Bf16 *queries, *streamed, *weights;  // keys and values take turns
    float* sums;                         // scores, in the end the result
    float* of_threads;
  };

  // Copies `count` rows of `dim` entries, times factor; zeros in the rest of the tile.
  template <int kTileRows>
  UNIVAR_HD static void Stage(int thread, const float* from, size_t stride, size_t count, size_t dim, float factor, Bf16* to) {
#pragma unroll 8
    for (int e = thread; e < kTileRows * kDim; e += kThreads) {
      const size_t r = static_cast<size_t>(e / kDim), d = static_cast<size_t>(e % kDim);
      to[e / kDim * kStride + e % kDim] = r < count && d < dim ? ToBf16(factor * from[r * stride + d]) : Bf16{0};
    }
  }

  // Scores of a tile of keys, in units of log 2.
  template <class B>
  UNIVAR_BODY static void Score(B& block, const float* keys, size_t stride, size_t count, size_t dim, size_t rows, const Tiles& tiles) {
    block.Each([&](int t) { Stage<kKeys>(t, keys, stride, count, dim, 1.0f, tiles.streamed); });
    block.Each([&](int t) {
      const int lane = t % kWarp, row = t / kWarp * kFragment;
      if (static_cast<size_t>(row) >= rows) return;
      WarpTile<false, true, Half::kBf16, kFragment, kKeys> scores;
      scores.Clear(lane);
      for (int d = 0; d < kDim; d += kFragment) scores.Add(lane, tiles.queries + row * kStride + d, kStride, tiles.streamed + d, kStride);
#pragma unroll
      for (int j = 0; j < kKeys / kFragment; ++j)
        scores.Store(lane, 0, j, tiles.sums + row * kSumStride + j * kFragment, kSumStride);
    });
  }

  // Of a thread's query: the maximum of all keys, and the sum of its weights.
  struct State {
    float max, sum;
  };

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    const AttentionShape& shape = args.shape;
    const TokenTile tile = FindTokenTile(shape, block.index(), kRows);
    if (tile.rows == 0) return;
    const size_t dim = shape.head_dim, model = shape.heads * dim, stride = 3 * model;
    const float* q = args.qkv + tile.begin * stride + tile.head * dim;
    const float* k = q + model;
    const float* v = k + model;
    const float factor = kLog2E / sqrtf(static_cast<float>(dim));

    Tiles tiles;
    tiles.queries = block.template Shared<Bf16>(kRows * kStride);
    tiles.streamed = block.template Shared<Bf16>(kKeys * kStride);
    tiles.weights = block.template Shared<Bf16>(kRows * kWeightStride);
    tiles.sums = block.template Shared<float>(kRows * kSumStride);
    tiles.of_threads = block.template Shared<float>(kThreads);
    typename B::template Local<State> local(block);
    typename B::template Local<WarpTile<false, false, Half::kBf16, kFragment, kDim>> out(block);

    block.Each([&](int t) {
      Stage<kRows>(t, q + tile.first * stride, stride, tile.rows, dim, factor, tiles.queries);
      local[t] = {MinusInfinity(), 0.0f};
      out[t].Clear(t % kWarp);
    });
    for (size_t first = 0; first < tile.length; first += kKeys) {
      const size_t count = Min(kKeys, tile.length - first);
      Score(block, k + first * stride, stride, count, dim, tile.rows, tiles);
      block.Each([&](int t) {
        const float* row = tiles.sums + t / kSharers * kSumStride;
        if (static_cast<size_t>(t / kSharers) >= tile.rows) return;
        for (size_t c = t % kSharers; c < count; c += kSharers) local[t].max = fmaxf(local[t].max, row[c]);
      });
    }
    block.Each([&](int t) { tiles.of_threads[t] = local[t].max; });
    block.Each([&](int t) { local[t].max = fmaxf(local[t].max, tiles.of_threads[t ^ 1]); });
    for (size_t first = 0; first < tile.length; first += kKeys) {
      const size_t count = Min(kKeys, tile.length - first);
      // A single tile has its scores already.
      if (tile.length > kKeys) Score(block, k + first * stride, stride, count, dim, tile.rows, tiles);
      block.Each([&](int t) {
        Stage<kKeys>(t, v + first * stride, stride, count, dim, 1.0f, tiles.streamed);
        const int row = t / kSharers;
        for (int c = t % kSharers; c < kKeys; c += kSharers) {
          const bool inside = static_cast<size_t>(c) < count && static_cast<size_t>(row) < tile.rows;
          const Bf16 weight = inside ? ToBf16(exp2f(tiles.sums[row * kSumStride + c] - local[t].max)) : Bf16{0};
          tiles.weights[row * kWeightStride + c] = weight;
          local[t].sum += FromBf16(weight);
        }
      });
      block.Each([&](int t) {
        const int lane = t % kWarp, row = t / kWarp * kFragment;
        if (static_cast<size_t>(row) >= tile.rows) return;
        for (int n = 0; n < kKeys; n += kFragment)
          out[t].Add(lane, tiles.weights + row * kWeightStride + n, kWeightStride, tiles.streamed + n * kStride, kStride);
      });
    }
    block.Each([&](int t) {
      tiles.of_threads[t] = local[t].sum;
#pragma unroll
      for (int j = 0; j < kDim / kFragment; ++j)
        out[t].Store(t % kWarp, 0, j, tiles.sums + t / kWarp * kFragment * kSumStride + j * kFragment, kSumStride);
    });
    block.Each([&](int t) {
      for (int e = t; e < kRows * kDim; e += kThreads) {
        const size_t r = static_cast<size_t>(e / kDim), d = static_cast<size_t>(e % kDim);
        if (r >= tile.rows || d >= dim) continue;
        const float sum = tiles.of_threads[r * kSharers] + tiles.of_threads[r * kSharers + 1];
        const float value = tiles.sums[r * kSumStride + d] / sum;
        const size_t at = (tile.begin + tile.first + r) * model + tile.head * dim + d;
        if (args.o != nullptr) args.o[at] = value;
        if (args.o16 != nullptr) args.o16[at] = ToBf16(value);
      }
    });
  }
};

}  // namespace univar::cuda
