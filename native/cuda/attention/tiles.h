// Common parts of the attention kernels (ops/attention.h): the rows that a block owns, and products of tiles in shared
// memory. A block owns a tile of rows of one head and streams tiles of the rows to combine with them. Scores are in
// units of log 2, because exp2 is cheaper than exp.
#pragma once

#include "cuda/machine/numbers.h"
#include "ops/attention.h"

namespace univar::cuda {

// The rows that a block owns: rows [first, first + rows) of one head in the sequence of `length` tokens that begins at
// token `begin`. It has no rows if the sequence has already ended.
struct TokenTile {
  size_t head, begin, length, first, rows;
};

// Returns the number of tiles of all heads. Only the device can read the offsets, so the numbering makes the count
// independent of them: sequence s has tiles [offsets[s] / rows + s, offsets[s + 1] / rows + s + 1), and the last tile
// can be empty. The blocks of one tile, one per head, are consecutive, because heads are side by side in memory.
UNIVAR_HD size_t CountTokenTiles(const AttentionShape& shape, size_t rows) {
  return (shape.tokens / rows + shape.sequences) * shape.heads;
}
UNIVAR_HD TokenTile FindTokenTile(const AttentionShape& shape, size_t block, size_t rows) {
  const size_t head = block % shape.heads, index = block / shape.heads;
  const auto first_tile = [&](size_t s) { return static_cast<size_t>(shape.offsets[s]) / rows + s; };
  size_t sequence = 0;
  for (size_t end = shape.sequences; end - sequence > 1;) {
    const size_t middle = sequence + (end - sequence) / 2;
    if (first_tile(middle) <= index)
      sequence = middle;
    else
      end = middle;
  }
  const size_t begin = static_cast<size_t>(shape.offsets[sequence]);
  const size_t length = static_cast<size_t>(shape.offsets[sequence + 1]) - begin;
  const size_t first = (index - first_tile(sequence)) * rows;
  return {head, begin, length, first, first < length ? Min(rows, length - first) : 0};
}

// Locates the rows of a tile's sequence and head: entry d of token i is at [i * stride + d].
struct HeadRows {
  size_t dim, model, stride;
  const float *q, *k, *v;
};
UNIVAR_HD HeadRows FindHeadRows(const AttentionShape& shape, const TokenTile& tile, const float* qkv) {
  const size_t dim = shape.head_dim, model = shape.heads * dim, stride = 3 * model;
  const float* q = qkv + tile.begin * stride + tile.head * dim;
  return {dim, model, stride, q, q + model, q + 2 * model};
}

// How the threads of a block share tiles of `kRows` own and `kStreamed` streamed rows, each padded to kDim entries. A
// thread has kRowsEach own rows. It combines them with every kAcross-th streamed row, or every kAcross-th group of four
// entries, starting with its lane.
template <int kPaddedDim, int kOwnRows, int kStreamedRows, int kEach, int kLanes>
struct AttentionLayout {
  static constexpr int kDim = kPaddedDim, kRows = kOwnRows, kStreamed = kStreamedRows;
  static constexpr int kRowsEach = kEach, kAcross = kLanes, kStreamedEach = kStreamed / kAcross;
  static constexpr int kPieces = kDim / 4 / kAcross;
  static constexpr int kThreads = kRows / kRowsEach * kAcross;
  static constexpr int kPad = 4;  // keeps adjacent rows in different banks and every row aligned
  static constexpr int kStride = kDim + kPad, kWeightStride = kStreamed + kPad;
  static_assert(kRows % kRowsEach == 0 && kStreamed % kAcross == 0 && kStreamed % 4 == 0 && kDim % (4 * kAcross) == 0);

  UNIVAR_HD static int Row(int thread) { return thread / kAcross * kRowsEach; }
  UNIVAR_HD static int Lane(int thread) { return thread % kAcross; }
};

// Four floats that are moved by one instruction.
struct alignas(16) Four {
  float values[4];
};
UNIVAR_HD Four LoadFour(const float* from) { return *reinterpret_cast<const Four*>(from); }

// A thread's part of the result: four entries from 4 (lane + piece * kAcross) on in each of its rows.
template <class L>
struct OwnEntries {
  float values[L::kRowsEach][L::kPieces][4];
};

// Stores an entry of a tile in shared memory.
UNIVAR_HD void Put(float value, float* to) { *to = value; }
UNIVAR_HD void Put(float value, Bf16* to) { *to = ToBf16(value); }

// Copies `count` rows of `dim` entries, times factor, to shared memory and fills the rest of the tile with zeros.
template <class L, int kTileRows, typename T>
UNIVAR_HD void StageRows(int thread, const float* from, size_t stride, size_t count, size_t dim, float factor, T* to) {
#pragma unroll 8
  for (int e = thread; e < kTileRows * L::kDim; e += L::kThreads) {
    const size_t r = static_cast<size_t>(e / L::kDim), d = static_cast<size_t>(e % L::kDim);
    Put(r < count && d < dim ? factor * from[r * stride + d] : 0.0f, &to[e / L::kDim * L::kStride + e % L::kDim]);
  }
}

// Computes dots[i][j] = own row i times streamed row j of the thread. `depth` is a multiple of 4.
template <class L>
UNIVAR_HD void Dots(int thread, const float* own, const float* streamed, int depth,
                    float (&dots)[L::kRowsEach][L::kStreamedEach]) {
  const float* left = own + L::Row(thread) * L::kStride;
  const float* right = streamed + L::Lane(thread) * L::kStride;
#pragma unroll
  for (int i = 0; i < L::kRowsEach; ++i)
#pragma unroll
    for (int j = 0; j < L::kStreamedEach; ++j) dots[i][j] = 0.0f;
#pragma unroll 1  // two steps together would not fit into the registers of the backward pass
  for (int d = 0; d < depth; d += 4) {
    Four a[L::kRowsEach], b[L::kStreamedEach];
#pragma unroll
    for (int i = 0; i < L::kRowsEach; ++i) a[i] = LoadFour(left + i * L::kStride + d);
#pragma unroll
    for (int j = 0; j < L::kStreamedEach; ++j) b[j] = LoadFour(right + j * L::kAcross * L::kStride + d);
#pragma unroll
    for (int e = 0; e < 4; ++e)
#pragma unroll
      for (int i = 0; i < L::kRowsEach; ++i)
#pragma unroll
        for (int j = 0; j < L::kStreamedEach; ++j) dots[i][j] = fmaf(a[i].values[e], b[j].values[e], dots[i][j]);
  }
}

// Computes entries += weights[rows, count] streamed[count, dim], where `count` is a multiple of 4. The sum of a tile is
// added in one step, so rounding errors grow with the number of tiles, not with the number of tokens.
template <class L>
UNIVAR_HD void AddProduct(int thread, const float* weights, const float* streamed, int count, int dim,
                          OwnEntries<L>* entries) {
  const float* left = weights + L::Row(thread) * L::kWeightStride;
#pragma unroll
  for (int piece = 0; piece < L::kPieces; ++piece) {
    const int column = 4 * (L::Lane(thread) + piece * L::kAcross);
    if (column >= dim) continue;
    float sums[L::kRowsEach][4] = {};
#pragma unroll 2
    for (int n = 0; n < count; n += 4) {
      Four a[L::kRowsEach], b[4];
#pragma unroll
      for (int i = 0; i < L::kRowsEach; ++i) a[i] = LoadFour(left + i * L::kWeightStride + n);
#pragma unroll
      for (int m = 0; m < 4; ++m) b[m] = LoadFour(streamed + (n + m) * L::kStride + column);
#pragma unroll
      for (int m = 0; m < 4; ++m)
#pragma unroll
        for (int i = 0; i < L::kRowsEach; ++i)
#pragma unroll
          for (int e = 0; e < 4; ++e) sums[i][e] = fmaf(a[i].values[m], b[m].values[e], sums[i][e]);
    }
#pragma unroll
    for (int i = 0; i < L::kRowsEach; ++i)
#pragma unroll
      for (int e = 0; e < 4; ++e) entries->values[i][piece][e] += sums[i][e];
  }
}

// Copies a thread's entries, times the factors of its rows, to a tile in shared memory, from which they are written in
// order.
template <class L>
UNIVAR_HD void PutEntries(int thread, const OwnEntries<L>& entries, const float (&factors)[L::kRowsEach], float* tile) {
#pragma unroll
  for (int i = 0; i < L::kRowsEach; ++i) {
#pragma unroll
    for (int piece = 0; piece < L::kPieces; ++piece) {
      Four four;
#pragma unroll
      for (int e = 0; e < 4; ++e) four.values[e] = factors[i] * entries.values[i][piece][e];
      *reinterpret_cast<Four*>(tile + (L::Row(thread) + i) * L::kStride + 4 * (L::Lane(thread) + piece * L::kAcross)) =
          four;
    }
  }
}

// Writes `count` rows of `dim` entries of a tile, times factor(row), as float32, as bf16, or as both.
template <class L, int kTileStride, class Factor>
UNIVAR_HD void WriteRows(int thread, const float* tile, size_t count, size_t dim, size_t stride, const Factor& factor,
                         float* to, Bf16* to16) {
  for (int e = thread; e < L::kRows * L::kDim; e += L::kThreads) {
    const size_t r = static_cast<size_t>(e / L::kDim), d = static_cast<size_t>(e % L::kDim);
    if (r >= count || d >= dim) continue;
    const float value = factor(r) * tile[e / L::kDim * kTileStride + e % L::kDim];
    if (to != nullptr) to[r * stride + d] = value;
    if (to16 != nullptr) to16[r * stride + d] = ToBf16(value);
  }
}

}  // namespace univar::cuda
