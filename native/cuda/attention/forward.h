// The forward pass of attention (ops/attention.h) in tiles with a running maximum (FlashAttention, arXiv 2205.14135).
#pragma once

#include "cuda/attention/tiles.h"

namespace univar::cuda {

// Arguments of the layouts: padded head dimension, query rows, keys, rows and lanes per thread. Keys and values use one
// tile in turn, so that several blocks fit on a multiprocessor.
template <int kDim>
struct ForwardLayout;
template <>
struct ForwardLayout<32> : AttentionLayout<32, 64, 32, 4, 8> {};
template <>
struct ForwardLayout<64> : AttentionLayout<64, 64, 32, 4, 8> {};
template <>
struct ForwardLayout<128> : AttentionLayout<128, 32, 32, 4, 16> {};
template <>
struct ForwardLayout<256> : AttentionLayout<256, 16, 16, 2, 16> {};

// One block per tile of queries and head.
template <class L>
struct AttentionForwardTile {
  static constexpr int kThreads = L::kThreads;
  AttentionForwardArgs args;
  static size_t shared_bytes() {
    return SharedBytes<float>(L::kRows * L::kStride) + SharedBytes<float>(L::kStreamed * L::kStride) +
           SharedBytes<float>(L::kRows * L::kWeightStride) + SharedBytes<float>(L::kRows * L::kAcross);
  }
  size_t blocks() const { return CountTokenTiles(args.shape, L::kRows); }

  // State of a thread's rows. Sums cover only the thread's own keys until the end; maxima cover all keys.
  struct State {
    OwnEntries<L> out;
    float scores[L::kRowsEach][L::kStreamedEach];
    float max[L::kRowsEach], sum[L::kRowsEach];
  };

  // Computes the scores of keys [0, count) of a tile. `maxima` receives the largest score of each row and lane.
  UNIVAR_HD static void Score(int t, const float* queries, const float* keys, int depth, int count, State* state,
                              float* maxima) {
    Dots<L>(t, queries, keys, depth, state->scores);
#pragma unroll
    for (int i = 0; i < L::kRowsEach; ++i) {
      float max = MinusInfinity();
#pragma unroll
      for (int j = 0; j < L::kStreamedEach; ++j) {
        if (L::Lane(t) + j * L::kAcross >= count) state->scores[i][j] = MinusInfinity();
        max = fmaxf(max, state->scores[i][j]);
      }
      maxima[(L::Row(t) + i) * L::kAcross + L::Lane(t)] = max;
    }
  }

  // Turns scores into exponentials relative to the maximum of all keys so far, and rescales earlier results to it.
  UNIVAR_HD static void ComputeWeights(int t, const float* maxima, State* state, float* weights) {
#pragma unroll
    for (int i = 0; i < L::kRowsEach; ++i) {
      const int row = L::Row(t) + i;
      float max = state->max[i];
#pragma unroll
      for (int lane = 0; lane < L::kAcross; lane += 4) {
        const Four four = LoadFour(maxima + row * L::kAcross + lane);
#pragma unroll
        for (int e = 0; e < 4; ++e) max = fmaxf(max, four.values[e]);
      }
      const float rescale = exp2f(state->max[i] - max);
      float sum = 0.0f;
#pragma unroll
      for (int j = 0; j < L::kStreamedEach; ++j) {
        const float weight = exp2f(state->scores[i][j] - max);
        weights[row * L::kWeightStride + L::Lane(t) + j * L::kAcross] = weight;
        sum += weight;
      }
      state->max[i] = max;
      state->sum[i] = fmaf(state->sum[i], rescale, sum);
#pragma unroll
      for (int piece = 0; piece < L::kPieces; ++piece)
#pragma unroll
        for (int e = 0; e < 4; ++e) state->out.values[i][piece][e] *= rescale;
    }
  }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    const AttentionShape& shape = args.shape;
    const TokenTile tile = FindTokenTile(shape, block.index(), L::kRows);
    if (tile.rows == 0) return;
    const auto [dim, model, stride, q, k, v] = FindHeadRows(shape, tile, args.qkv);
    const int depth = static_cast<int>(RoundUp(dim, 4)), rows = static_cast<int>(tile.rows);
    const float factor = kLog2E / sqrtf(static_cast<float>(dim));

    float* queries = block.template Shared<float>(L::kRows * L::kStride);
    float* streamed = block.template Shared<float>(L::kStreamed * L::kStride);
    float* weights = block.template Shared<float>(L::kRows * L::kWeightStride);
    float* of_lanes = block.template Shared<float>(L::kRows * L::kAcross);
    typename B::template Local<State> local(block);

    block.Each([&](int t) {
      StageRows<L, L::kRows>(t, q + tile.first * stride, stride, tile.rows, dim, factor, queries);
      local[t].out = {};
#pragma unroll
      for (int i = 0; i < L::kRowsEach; ++i) {
        local[t].max[i] = MinusInfinity();
        local[t].sum[i] = 0.0f;
      }
    });
    for (size_t first = 0; first < tile.length; first += L::kStreamed) {
      const size_t count = Min(L::kStreamed, tile.length - first);
      block.Each([&](int t) { StageRows<L, L::kStreamed>(t, k + first * stride, stride, count, dim, 1.0f, streamed); });
      block.Each([&](int t) {
        if (L::Row(t) < rows) Score(t, queries, streamed, depth, static_cast<int>(count), &local[t], of_lanes);
      });
      block.Each([&](int t) {
        StageRows<L, L::kStreamed>(t, v + first * stride, stride, count, dim, 1.0f, streamed);
        if (L::Row(t) < rows) ComputeWeights(t, of_lanes, &local[t], weights);
      });
      block.Each([&](int t) {
        if (L::Row(t) >= rows) return;
        AddProduct<L>(t, weights, streamed, static_cast<int>(RoundUp(count, 4)), depth, &local[t].out);
      });
    }

    block.Each([&](int t) {
#pragma unroll
      for (int i = 0; i < L::kRowsEach; ++i) of_lanes[(L::Row(t) + i) * L::kAcross + L::Lane(t)] = local[t].sum[i];
    });
    block.Each([&](int t) {
      float inverse[L::kRowsEach];
#pragma unroll
      for (int i = 0; i < L::kRowsEach; ++i) {
        float sum = 0.0f;
#pragma unroll
        for (int lane = 0; lane < L::kAcross; ++lane) sum += of_lanes[(L::Row(t) + i) * L::kAcross + lane];
        inverse[i] = 1.0f / sum;
        const size_t row = static_cast<size_t>(L::Row(t) + i);
        if (L::Lane(t) == 0 && row < tile.rows && args.lse != nullptr)
          args.lse[(tile.begin + tile.first + row) * shape.heads + tile.head] = kLn2 * (local[t].max[i] + log2f(sum));
      }
      if (L::Row(t) < rows) PutEntries<L>(t, local[t].out, inverse, queries);
    });
    block.Each([&](int t) {
      const size_t at = (tile.begin + tile.first) * model + tile.head * dim;
      WriteRows<L, L::kStride>(
          t, queries, tile.rows, dim, model, [](size_t) { return 1.0f; }, args.o != nullptr ? args.o + at : nullptr,
          args.o16 != nullptr ? args.o16 + at : nullptr);
    });
  }
};

}  // namespace univar::cuda
