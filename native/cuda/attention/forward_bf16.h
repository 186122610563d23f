// The forward pass of attention (ops/attention.h) on tensor cores. Queries, keys, values and weights are rounded to
// bf16; sums are float32.
//
// Keys are streamed twice, first for the maxima and then for the weights. Sums then need no rescaling and can stay in
// the fragments of the tensor cores, whose layout is unspecified. The additional products are cheap.
#pragma once

#include "cuda/attention/bf16_tiles.h"

namespace univar::cuda {

// One block per tile of queries and head.
template <int kPaddedDim>
struct AttentionForwardBf16 {
  using L = Bf16Layout<kPaddedDim>;
  static constexpr int kThreads = L::kThreads, kKeys = 64;
  static constexpr int kScoreStride = kKeys + kFloatPad, kWeightStride = kKeys + kBf16Pad;
  AttentionForwardArgs args;

  static size_t shared_bytes() {
    return SharedBytes<Bf16>(L::kRows * L::kStride) + SharedBytes<Bf16>(kKeys * L::kStride) +
           SharedBytes<Bf16>(L::kRows * kWeightStride) +
           SharedBytes<float>(L::kRows * Max(kScoreStride, L::kSumStride)) + SharedBytes<float>(kThreads);
  }
  size_t blocks() const { return CountTokenTiles(args.shape, L::kRows); }

  struct Tiles {
    Bf16 *queries, *streamed, *weights;  // `streamed` holds keys and values in turn
    float* sums;                         // scores, finally the result
    float* of_threads;
  };

  template <class B>
  UNIVAR_BODY static void Score(B& block, const float* keys, size_t stride, size_t count, size_t dim, size_t rows,
                                const Tiles& tiles) {
    block.Each([&](int t) { StageRows<L, kKeys>(t, keys, stride, count, dim, 1.0f, tiles.streamed); });
    block.Each([&](int t) {
      if (static_cast<size_t>(L::WarpRow(t)) < rows)
        L::template Dots<kKeys>(t, tiles.queries, tiles.streamed, tiles.sums);
    });
  }

  // State of a thread's query: the largest score of all keys, and the sum of the weights.
  struct State {
    float max, sum;
  };

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    const AttentionShape& shape = args.shape;
    const TokenTile tile = FindTokenTile(shape, block.index(), L::kRows);
    if (tile.rows == 0) return;
    const auto [dim, model, stride, q, k, v] = FindHeadRows(shape, tile, args.qkv);
    const float factor = kLog2E / sqrtf(static_cast<float>(dim));

    Tiles tiles;
    tiles.queries = block.template Shared<Bf16>(L::kRows * L::kStride);
    tiles.streamed = block.template Shared<Bf16>(kKeys * L::kStride);
    tiles.weights = block.template Shared<Bf16>(L::kRows * kWeightStride);
    tiles.sums = block.template Shared<float>(L::kRows * Max(kScoreStride, L::kSumStride));
    tiles.of_threads = block.template Shared<float>(kThreads);
    typename B::template Local<State> local(block);
    typename B::template Local<typename L::Entries> out(block);

    block.Each([&](int t) {
      StageRows<L, L::kRows>(t, q + tile.first * stride, stride, tile.rows, dim, 1.0f, tiles.queries);
      local[t] = {MinusInfinity(), 0.0f};
      out[t].Clear(t % kWarp);
    });
    for (size_t first = 0; first < tile.length; first += kKeys) {
      const size_t count = Min(kKeys, tile.length - first);
      Score(block, k + first * stride, stride, count, dim, tile.rows, tiles);
      block.Each([&](int t) {
        if (static_cast<size_t>(L::Row(t)) >= tile.rows) return;
        const float* scores = tiles.sums + L::Row(t) * kScoreStride;
        for (size_t c = t % L::kSharers; c < count; c += L::kSharers) local[t].max = fmaxf(local[t].max, scores[c]);
      });
    }
    block.Each([&](int t) { tiles.of_threads[t] = local[t].max; });
    block.Each([&](int t) { local[t].max = fmaxf(local[t].max, tiles.of_threads[t ^ 1]); });
    for (size_t first = 0; first < tile.length; first += kKeys) {
      const size_t count = Min(kKeys, tile.length - first);
      // The scores of a single tile are already there.
      if (tile.length > kKeys) Score(block, k + first * stride, stride, count, dim, tile.rows, tiles);
      block.Each([&](int t) {
        StageRows<L, kKeys>(t, v + first * stride, stride, count, dim, 1.0f, tiles.streamed);
        const int row = L::Row(t);
        for (int c = t % L::kSharers; c < kKeys; c += L::kSharers) {
          const bool inside = static_cast<size_t>(c) < count && static_cast<size_t>(row) < tile.rows;
          const float above = inside ? factor * (tiles.sums[row * kScoreStride + c] - local[t].max) : MinusInfinity();
          const Bf16 weight = ToBf16(exp2f(above));
          tiles.weights[row * kWeightStride + c] = weight;
          local[t].sum += FromBf16(weight);
        }
      });
      block.Each([&](int t) {
        if (static_cast<size_t>(L::WarpRow(t)) < tile.rows)
          L::template AddProduct<kKeys>(t, tiles.weights, tiles.streamed, &out[t]);
      });
    }
    block.Each([&](int t) {
      tiles.of_threads[t] = local[t].sum;
      L::Put(t, &out[t], tiles.sums);
    });
    block.Each([&](int t) {
      const size_t token = tile.begin + tile.first, row = static_cast<size_t>(L::Row(t));
      if (args.lse != nullptr && t % L::kSharers == 0 && row < tile.rows) {
        const float sum = tiles.of_threads[t] + tiles.of_threads[t + 1];
        args.lse[(token + row) * shape.heads + tile.head] = kLn2 * (factor * local[t].max + log2f(sum));
      }
      const auto inverse = [&](size_t r) {
        return 1.0f / (tiles.of_threads[r * L::kSharers] + tiles.of_threads[r * L::kSharers + 1]);
      };
      const size_t at = token * model + tile.head * dim;
      WriteRows<L, L::kSumStride>(t, tiles.sums, tile.rows, dim, model, inverse,
                                  args.o != nullptr ? args.o + at : nullptr,
                                  args.o16 != nullptr ? args.o16 + at : nullptr);
    });
  }
};

}  // namespace univar::cuda
