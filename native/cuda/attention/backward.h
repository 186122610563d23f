// The backward pass of attention (ops/attention.h). Blocks that own keys compute dk and dv and stream the queries;
// blocks that own queries compute dq and stream the keys. One block computes each gradient, so results are the same in
// every run.
#pragma once

#include "cuda/attention/tiles.h"

namespace univar::cuda {

// Arguments of the layouts: padded head dimension, own rows, streamed rows, rows and lanes per thread.
template <int kDim>
struct BackwardLayout;
template <>
struct BackwardLayout<32> : AttentionLayout<32, 32, 32, 4, 8> {};
template <>
struct BackwardLayout<64> : AttentionLayout<64, 32, 32, 4, 8> {};
template <>
struct BackwardLayout<128> : AttentionLayout<128, 16, 16, 4, 16> {};
template <>
struct BackwardLayout<256> : AttentionLayout<256, 8, 8, 1, 8> {};

// Computes dots[token, head] = rowsum(do * o) with eight threads per row.
struct AttentionRowDots {
  static constexpr int kThreads = 256, kAcross = 8, kRows = kThreads / kAcross;
  AttentionBackwardArgs args;
  float* dots;
  static size_t shared_bytes() { return SharedBytes<float>(kThreads); }
  size_t blocks() const { return CeilDivide(args.shape.tokens * args.shape.heads, kRows); }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    const size_t rows = args.shape.tokens * args.shape.heads, dim = args.shape.head_dim, first = block.index() * kRows;
    float* parts = block.template Shared<float>(kThreads);
    block.Each([&](int t) {
      const size_t row = first + t / kAcross;
      float sum = 0.0f;
      for (size_t d = t % kAcross; row < rows && d < dim; d += kAcross) {
        const size_t at = row * dim + d;
        sum = fmaf(args.d_o[at], args.o != nullptr ? args.o[at] : FromBf16(args.o16[at]), sum);
      }
      parts[t] = sum;
    });
    block.Each([&](int t) {
      if (t >= kRows || first + t >= rows) return;
      float sum = 0.0f;
      for (int lane = 0; lane < kAcross; ++lane) sum += parts[t * kAcross + lane];
      dots[first + t] = sum;
    });
  }
};

// Terms of a tile of queries for the gradients: lse in units of log 2, and rowsum(do * o).
struct QueryTerms {
  float *lse, *dots;
};
template <int kQueries, int kThreads>
UNIVAR_HD void StageTerms(int t, const AttentionBackwardArgs& args, const float* row_dots, size_t token, size_t count,
                          size_t head, const QueryTerms& to) {
  for (int n = t; n < kQueries; n += kThreads) {
    const bool inside = static_cast<size_t>(n) < count;
    const size_t at = (token + n) * args.shape.heads + head;
    to.lse[n] = inside ? kLog2E * args.lse[at] : 0.0f;
    to.dots[n] = inside ? row_dots[at] : 0.0f;
  }
}

// Tiles of rows and of their partners: the value of a key, or the gradient of a query's output.
template <typename T>
struct PairedTiles {
  T *rows, *partners;
};
struct PairedRows {
  const float *rows, *partners;
  size_t stride, partner_stride;
  // Copies the rows from `first` on and their partners to shared memory. `factor` applies only to the rows.
  template <class L, int kTileRows, typename T>
  UNIVAR_HD void Stage(int t, size_t first, size_t count, size_t dim, float factor, const PairedTiles<T>& to) const {
    StageRows<L, kTileRows>(t, rows + first * stride, stride, count, dim, factor, to.rows);
    StageRows<L, kTileRows>(t, partners + first * partner_stride, partner_stride, count, dim, 1.0f, to.partners);
  }
};

// The rows that a block owns, keys or queries, and the rows that it streams.
struct BackwardRows {
  PairedRows own, other;
};
template <bool kOwnKeys>
UNIVAR_HD BackwardRows FindBackwardRows(const AttentionBackwardArgs& args, const TokenTile& tile,
                                        const HeadRows& head) {
  const PairedRows queries{head.q, args.d_o + tile.begin * head.model + tile.head * head.dim, head.stride, head.model};
  const PairedRows keys{head.k, head.v, head.stride, head.stride};
  return kOwnKeys ? BackwardRows{keys, queries} : BackwardRows{queries, keys};
}

// Allocates shared memory for both tiles.
template <typename T, class B>
UNIVAR_BODY PairedTiles<T> SharePair(B& block, size_t count) {
  T* rows = block.template Shared<T>(count);
  return {rows, block.template Shared<T>(count)};
}
template <class B>
UNIVAR_BODY QueryTerms ShareTerms(B& block, size_t queries) {
  float* lse = block.template Shared<float>(queries);
  return {lse, block.template Shared<float>(queries)};
}

// Computes dk and dv of a tile of keys if kOwnKeys is set, otherwise dq of a tile of queries. One block per tile and
// head.
template <class L, bool kOwnKeys>
struct AttentionBackwardTile {
  static constexpr int kThreads = L::kThreads;
  static constexpr int kQueries = kOwnKeys ? L::kStreamed : L::kRows;
  AttentionBackwardArgs args;
  const float* row_dots;
  static size_t shared_bytes() {
    return 2 * SharedBytes<float>(L::kRows * L::kStride) + 2 * SharedBytes<float>(L::kStreamed * L::kStride) +
           (kOwnKeys ? 2 : 1) * SharedBytes<float>(L::kRows * L::kWeightStride) + 2 * SharedBytes<float>(kQueries);
  }
  size_t blocks() const { return CountTokenTiles(args.shape, L::kRows); }

  // Computes weights = P and dscores = dz of own rows and `count` streamed rows, followed by zeros.
  UNIVAR_HD static void ComputeWeights(int t, const PairedTiles<float>& own, const PairedTiles<float>& streamed,
                                       const QueryTerms& terms, int depth, int count, float* weights, float* dscores) {
    float scores[L::kRowsEach][L::kStreamedEach], dweights[L::kRowsEach][L::kStreamedEach];
    Dots<L>(t, own.rows, streamed.rows, depth, scores);
    Dots<L>(t, own.partners, streamed.partners, depth, dweights);
#pragma unroll
    for (int i = 0; i < L::kRowsEach; ++i) {
#pragma unroll
      for (int j = 0; j < L::kStreamedEach; ++j) {
        const int row = L::Row(t) + i, column = L::Lane(t) + j * L::kAcross, query = kOwnKeys ? column : row;
        const float weight = column < count ? exp2f(scores[i][j] - terms.lse[query]) : 0.0f;
        dscores[row * L::kWeightStride + column] = weight * (dweights[i][j] - terms.dots[query]);
        if constexpr (kOwnKeys) weights[row * L::kWeightStride + column] = weight;
      }
    }
  }

  struct State {
    OwnEntries<L> rows, partners;  // gradients of own rows and, if these are keys, of their values
  };

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    const AttentionShape& shape = args.shape;
    const TokenTile tile = FindTokenTile(shape, block.index(), L::kRows);
    if (tile.rows == 0) return;
    const HeadRows head = FindHeadRows(shape, tile, args.qkv);
    const auto [own, other] = FindBackwardRows<kOwnKeys>(args, tile, head);
    const size_t dim = head.dim;
    const int depth = static_cast<int>(RoundUp(dim, 4)), rows = static_cast<int>(tile.rows);
    const float factor = 1.0f / sqrtf(static_cast<float>(dim));

    const PairedTiles<float> held = SharePair<float>(block, L::kRows * L::kStride);
    const PairedTiles<float> streamed = SharePair<float>(block, L::kStreamed * L::kStride);
    float* dscores = block.template Shared<float>(L::kRows * L::kWeightStride);
    float* weights = kOwnKeys ? block.template Shared<float>(L::kRows * L::kWeightStride) : nullptr;
    const QueryTerms terms = ShareTerms(block, kQueries);
    typename B::template Local<State> local(block);

    block.Each([&](int t) {
      own.template Stage<L, L::kRows>(t, tile.first, tile.rows, dim, kLog2E * factor, held);
      if constexpr (!kOwnKeys)
        StageTerms<kQueries, kThreads>(t, args, row_dots, tile.begin + tile.first, tile.rows, tile.head, terms);
      local[t] = {};
    });
    for (size_t first = 0; first < tile.length; first += L::kStreamed) {
      const size_t count = Min(L::kStreamed, tile.length - first);
      const int terms_of_sum = static_cast<int>(RoundUp(count, 4));
      block.Each([&](int t) {
        other.template Stage<L, L::kStreamed>(t, first, count, dim, 1.0f, streamed);
        if constexpr (kOwnKeys)
          StageTerms<kQueries, kThreads>(t, args, row_dots, tile.begin + first, count, tile.head, terms);
      });
      block.Each([&](int t) {
        if (L::Row(t) < rows)
          ComputeWeights(t, held, streamed, terms, depth, static_cast<int>(count), weights, dscores);
      });
      block.Each([&](int t) {
        if (L::Row(t) >= rows) return;
        AddProduct<L>(t, dscores, streamed.rows, terms_of_sum, depth, &local[t].rows);
        if constexpr (kOwnKeys) AddProduct<L>(t, weights, streamed.partners, terms_of_sum, depth, &local[t].partners);
      });
    }

    block.Each([&](int t) {
      float factors[L::kRowsEach], ones[L::kRowsEach];
#pragma unroll
      for (int i = 0; i < L::kRowsEach; ++i) {
        factors[i] = factor;
        ones[i] = 1.0f;
      }
      PutEntries<L>(t, local[t].rows, factors, held.rows);
      if constexpr (kOwnKeys) PutEntries<L>(t, local[t].partners, ones, held.partners);
    });
    block.Each([&](int t) {
      const size_t model = head.model, stride = head.stride;
      float* to = args.dqkv + (head.q - args.qkv) + tile.first * stride + (kOwnKeys ? model : 0);
      const auto one = [](size_t) { return 1.0f; };
      WriteRows<L, L::kStride>(t, held.rows, tile.rows, dim, stride, one, to, nullptr);
      if constexpr (kOwnKeys)
        WriteRows<L, L::kStride>(t, held.partners, tile.rows, dim, stride, one, to + model, nullptr);
    });
  }
};

}  // namespace univar::cuda
