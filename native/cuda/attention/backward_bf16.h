// The backward pass of attention (ops/attention.h) on tensor cores, split into blocks as in backward.h. Queries, keys,
// values, do, P and dz are rounded to bf16; sums are float32. lse comes from forward_bf16.h, which computes the same
// scores.
#pragma once

#include "cuda/attention/backward.h"
#include "cuda/attention/bf16_tiles.h"

namespace univar::cuda {

// Computes dk and dv of a tile of keys if kOwnKeys is set, otherwise dq of a tile of queries. One block per tile and
// head.
template <int kPaddedDim, bool kOwnKeys>
struct AttentionBackwardBf16 {
  using L = Bf16Layout<kPaddedDim>;
  static constexpr int kThreads = L::kThreads, kStreamed = 32;
  static constexpr int kQueries = kOwnKeys ? kStreamed : L::kRows;
  static constexpr int kScoreStride = kStreamed + kFloatPad, kWeightStride = kStreamed + kBf16Pad;
  static constexpr int kScores = L::kRows * kScoreStride;
  static constexpr size_t kSums = Max(2 * kScores, L::kRows* L::kSumStride);
  AttentionBackwardArgs args;
  const float* row_dots;

  static size_t shared_bytes() {
    return 2 * SharedBytes<Bf16>(L::kRows * L::kStride) + 2 * SharedBytes<Bf16>(kStreamed * L::kStride) +
           SharedBytes<float>(kSums) + 2 * SharedBytes<Bf16>(L::kRows * kWeightStride) +
           2 * SharedBytes<float>(kQueries);
  }
  size_t blocks() const { return CountTokenTiles(args.shape, L::kRows); }

  struct State {
    typename L::Entries rows, partners;  // gradients of own rows and, if these are keys, of their values
  };

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    const AttentionShape& shape = args.shape;
    const TokenTile tile = FindTokenTile(shape, block.index(), L::kRows);
    if (tile.rows == 0) return;
    const HeadRows head = FindHeadRows(shape, tile, args.qkv);
    const auto [own, other] = FindBackwardRows<kOwnKeys>(args, tile, head);
    const size_t dim = head.dim, model = head.model, stride = head.stride;
    const float factor = 1.0f / sqrtf(static_cast<float>(dim));

    const PairedTiles<Bf16> held = SharePair<Bf16>(block, L::kRows * L::kStride);
    const PairedTiles<Bf16> streamed = SharePair<Bf16>(block, kStreamed * L::kStride);
    float* sums = block.template Shared<float>(kSums);  // scores and dP, finally a gradient
    Bf16* weights = block.template Shared<Bf16>(L::kRows * kWeightStride);
    Bf16* dscores = block.template Shared<Bf16>(L::kRows * kWeightStride);
    const QueryTerms terms = ShareTerms(block, kQueries);
    typename B::template Local<State> local(block);

    block.Each([&](int t) {
      own.template Stage<L, L::kRows>(t, tile.first, tile.rows, dim, 1.0f, held);
      if constexpr (!kOwnKeys)
        StageTerms<kQueries, kThreads>(t, args, row_dots, tile.begin + tile.first, tile.rows, tile.head, terms);
      local[t].rows.Clear(t % kWarp);
      if constexpr (kOwnKeys) local[t].partners.Clear(t % kWarp);
    });
    for (size_t first = 0; first < tile.length; first += kStreamed) {
      const size_t count = Min(kStreamed, tile.length - first);
      block.Each([&](int t) {
        other.template Stage<L, kStreamed>(t, first, count, dim, 1.0f, streamed);
        if constexpr (kOwnKeys)
          StageTerms<kQueries, kThreads>(t, args, row_dots, tile.begin + first, count, tile.head, terms);
      });
      block.Each([&](int t) {
        if (static_cast<size_t>(L::WarpRow(t)) >= tile.rows) return;
        L::template Dots<kStreamed>(t, held.rows, streamed.rows, sums);
        L::template Dots<kStreamed>(t, held.partners, streamed.partners, sums + kScores);
      });
      block.Each([&](int t) {
        const int row = L::Row(t);
        for (int c = t % L::kSharers; c < kStreamed; c += L::kSharers) {
          const int at = row * kScoreStride + c, to = row * kWeightStride + c, query = kOwnKeys ? c : row;
          const bool inside = static_cast<size_t>(c) < count && static_cast<size_t>(row) < tile.rows;
          const float weight = inside ? exp2f(kLog2E * factor * sums[at] - terms.lse[query]) : 0.0f;
          if constexpr (kOwnKeys) weights[to] = ToBf16(weight);
          dscores[to] = inside ? ToBf16(weight * (sums[kScores + at] - terms.dots[query])) : Bf16{0};
        }
      });
      block.Each([&](int t) {
        if (static_cast<size_t>(L::WarpRow(t)) >= tile.rows) return;
        L::template AddProduct<kStreamed>(t, dscores, streamed.rows, &local[t].rows);
        if constexpr (kOwnKeys) L::template AddProduct<kStreamed>(t, weights, streamed.partners, &local[t].partners);
      });
    }

    float* to = args.dqkv + (head.q - args.qkv) + tile.first * stride + (kOwnKeys ? model : 0);
    Write(block, tile.rows, factor, sums, [&](int t) { return &local[t].rows; }, to);
    if constexpr (kOwnKeys) Write(block, tile.rows, 1.0f, sums, [&](int t) { return &local[t].partners; }, to + model);
  }

  // Writes entries times factor, through shared memory.
  template <class B, class F>
  UNIVAR_BODY void Write(B& block, size_t rows, float factor, float* sums, const F& entries, float* to) const {
    const size_t dim = args.shape.head_dim, stride = 3 * args.shape.heads * dim;
    block.Each([&](int t) { L::Put(t, entries(t), sums); });
    block.Each([&](int t) {
      WriteRows<L, L::kSumStride>(t, sums, rows, dim, stride, [&](size_t) { return factor; }, to, nullptr);
    });
  }
};

}  // namespace univar::cuda
