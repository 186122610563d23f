// C (+)= op(A) op(B), row-major, C [m, n]: on tensor cores for bf16 or f16 operands, by FMA for float32, with float32
// sums. One block computes one tile of C. All sizes are allowed. If the rows of a 16-bit operand start at multiples of
// 16 bytes, they are read in pieces of 8 entries and must be zero up to the next multiple of 8 entries.
#pragma once

#include "cuda/gemm/warp_mma.h"
#ifdef __CUDACC__
#include <cuda_pipeline.h>
#endif

namespace univar::cuda {

struct GemmShape {
  size_t m, n, k;
  size_t lda, ldb, ldc;
  bool accumulate;
  // Entries of k per block, a multiple of 32; 0: all. If C is small and k is large, several blocks share a tile, and C
  // contains partial sums, [splits, m, n] (AddSplits).
  size_t split_depth = 0;

  UNIVAR_HD size_t splits() const { return split_depth == 0 ? 1 : CeilDivide(k, split_depth); }
};

// Operations on a sum before it is written to C.
struct Epilogue {
  const float* bias = nullptr;  // [n]
  bool gelu = false;
  const float* residual = nullptr;  // [m, n] with the row stride of C, added last
  Bf16* rounded = nullptr;          // replaces C
  float scale = 1.0f;               // multiplies the sum first

  UNIVAR_HD void Store(float sum, size_t row, size_t column, float* c, const GemmShape& shape) const {
    const size_t at = row * shape.ldc + column;
    sum *= scale;
    if (bias != nullptr) sum += bias[column];
    if (gelu) sum *= Phi(sum);
    if (residual != nullptr) sum += residual[at];
    if (rounded != nullptr) {
      rounded[at] = ToBf16(sum);
    } else {
      c[at] = shape.accumulate ? c[at] + sum : sum;
    }
  }
};

// Adds the partial sums of all splits to C. One thread per entry.
struct AddSplits {
  static constexpr int kThreads = 256;
  const float* partial;  // [splits, size]
  float* c;              // [size]
  size_t size, splits;
  static size_t shared_bytes() { return 0; }
  size_t blocks() const { return CeilDivide(size, kThreads); }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    block.Each([&](int t) {
      const size_t i = block.index() * kThreads + t;
      if (i >= size) return;
      float sum = c[i];
      for (size_t s = 0; s < splits; ++s) sum += partial[s * size + i];
      c[i] = sum;
    });
  }
};

// Start of tile `index` of C. Tiles of one row of tiles are consecutive, so that A stays in the cache.
struct TilePlace {
  size_t row, column;
};
UNIVAR_HD TilePlace PlaceOfTile(size_t index, size_t columns, size_t tile_rows, size_t tile_columns) {
  const size_t across = CeilDivide(columns, tile_columns);
  return {index / across * tile_rows, index % across * tile_columns};
}
UNIVAR_HD size_t CountTiles(size_t rows, size_t columns, size_t tile_rows, size_t tile_columns) {
  return CeilDivide(rows, tile_rows) * CeilDivide(columns, tile_columns);
}

// The part of k that a block sums, and the offset of its sums in C.
struct DepthRange {
  size_t begin, end, offset;
};
UNIVAR_HD DepthRange DepthOfSplit(size_t index, const GemmShape& shape) {
  if (shape.split_depth == 0) return {0, shape.k, 0};
  return {index * shape.split_depth, Min((index + 1) * shape.split_depth, shape.k), index * shape.m * shape.ldc};
}

// Eight 16-bit entries that are moved by one instruction.
struct alignas(16) Piece {
  uint16_t values[8];
};
UNIVAR_HD bool InPieces(const uint16_t* from, size_t stride) {
  return reinterpret_cast<uintptr_t>(from) % sizeof(Piece) == 0 && stride % 8 == 0;
}

// Copies a piece to shared memory asynchronously. The copies of a thread are complete after its WaitForPieces.
UNIVAR_HD void CopyPiece(const uint16_t* from, uint16_t* to) {
#ifdef __CUDA_ARCH__
  __pipeline_memcpy_async(to, from, sizeof(Piece));
#else
  *reinterpret_cast<Piece*>(to) = *reinterpret_cast<const Piece*>(from);
#endif
}
UNIVAR_HD void WaitForPieces() {
#ifdef __CUDA_ARCH__
  __pipeline_commit();
  __pipeline_wait_prior(0);
#endif
}

// Copies rows [row, row + kRows) and columns [column, column + kColumns) of a [rows, columns] matrix to shared memory,
// with zeros beyond its end. The caller must wait for the copies.
template <int kRows, int kColumns, int kStride>
UNIVAR_HD void StagePieces(int thread, int threads, const uint16_t* from, size_t rows, size_t columns, size_t stride,
                           size_t row, size_t column, uint16_t* to) {
  constexpr int kPieces = kColumns / 8;
  if (!InPieces(from, stride)) {
    for (int e = thread; e < kRows * kColumns; e += threads) {
      const int r = e / kColumns, c = e % kColumns;
      to[r * kStride + c] =
          row + r < rows && column + c < columns ? from[(row + r) * stride + column + c] : uint16_t{0};
    }
    return;
  }
  for (int p = thread; p < kRows * kPieces; p += threads) {
    const int r = p / kPieces, c = p % kPieces * 8;
    if (row + r < rows && column + c < columns) {
      CopyPiece(from + (row + r) * stride + column + c, to + r * kStride + c);
    } else {
      *reinterpret_cast<Piece*>(to + r * kStride + c) = {};
    }
  }
}

template <bool kTransposeA, bool kTransposeB, Half kHalf>
struct GemmHalf {
  static constexpr int kThreads = 256, kBlocksAtOnce = 2;
  static constexpr int kTileRows = 128, kTileColumns = 128, kDepth = 32;
  static constexpr int kWarpRows = 64, kWarpColumns = 32;
  static constexpr int kWarpsAcross = kTileColumns / kWarpColumns;
  static constexpr int kPad = 8;  // entries; keeps the rows of a tile in different banks
  static constexpr int kRowsA = kTransposeA ? kDepth : kTileRows, kColumnsA = kTransposeA ? kTileRows : kDepth;
  static constexpr int kRowsB = kTransposeB ? kTileColumns : kDepth, kColumnsB = kTransposeB ? kDepth : kTileColumns;
  static constexpr int kStrideA = kColumnsA + kPad, kStrideB = kColumnsB + kPad;
  static constexpr int kFragmentSize = kFragment * kFragment;
  static_assert(kThreads / kWarp == kTileRows / kWarpRows * kWarpsAcross);

  const uint16_t* a;
  const uint16_t* b;
  float* c;
  GemmShape shape;
  Epilogue epilogue = {};

  UNIVAR_HD size_t tiles() const { return CountTiles(shape.m, shape.n, kTileRows, kTileColumns); }
  UNIVAR_HD size_t blocks() const { return tiles() * shape.splits(); }
  static constexpr int kSizeA = kRowsA * kStrideA,
                       kSizePair = kSizeA + kRowsB * kStrideB;  // entries of tiles in shared memory
  UNIVAR_HD static size_t shared_bytes() {
    return SharedBytes<uint16_t>(2 * kSizePair) + SharedBytes<float>(kThreads / kWarp * kFragmentSize);
  }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    // While one pair of tiles is multiplied, the next pair is copied.
    uint16_t* staged = block.template Shared<uint16_t>(2 * kSizePair);
    float* fragments = block.template Shared<float>(kThreads / kWarp * kFragmentSize);
    const TilePlace place = PlaceOfTile(block.index() % tiles(), shape.n, kTileRows, kTileColumns);
    const DepthRange split = DepthOfSplit(block.index() / tiles(), shape);
    typename B::template Local<WarpTile<kTransposeA, kTransposeB, kHalf, kWarpRows, kWarpColumns>> sums(block);
    const auto stage = [&](int t, size_t k, uint16_t* to) {
      const bool ta = kTransposeA, tb = kTransposeB;
      StagePieces<kRowsA, kColumnsA, kStrideA>(t, kThreads, a, ta ? shape.k : shape.m, ta ? shape.m : shape.k,
                                               shape.lda, ta ? k : place.row, ta ? place.row : k, to);
      StagePieces<kRowsB, kColumnsB, kStrideB>(t, kThreads, b, tb ? shape.n : shape.k, tb ? shape.k : shape.n,
                                               shape.ldb, tb ? place.column : k, tb ? k : place.column, to + kSizeA);
    };

    block.Each([&](int t) {
      sums[t].Clear(t % kWarp);
      stage(t, split.begin, staged);
      WaitForPieces();
    });
    int current = 0;
    for (size_t k = split.begin; k < split.end; k += kDepth, current ^= 1) {
      block.Each([&](int t) {
        if (k + kDepth < split.end) stage(t, k + kDepth, staged + (current ^ 1) * kSizePair);
        const uint16_t *tile_a = staged + current * kSizePair, *tile_b = tile_a + kSizeA;
        const int warp = t / kWarp, row = warp / kWarpsAcross * kWarpRows, column = warp % kWarpsAcross * kWarpColumns;
        for (int d = 0; d < kDepth; d += kFragment) {
          const uint16_t* from_a = tile_a + (kTransposeA ? d * kStrideA + row : row * kStrideA + d);
          const uint16_t* from_b = tile_b + (kTransposeB ? column * kStrideB + d : d * kStrideB + column);
          sums[t].Add(t % kWarp, from_a, kStrideA, from_b, kStrideB);
        }
        WaitForPieces();
      });
    }
    for (int i = 0; i < kWarpRows / kFragment; ++i) {
      for (int j = 0; j < kWarpColumns / kFragment; ++j) {
        block.Each([&](int t) { sums[t].Store(t % kWarp, i, j, fragments + t / kWarp * kFragmentSize); });
        block.Each([&](int t) {
          const int warp = t / kWarp;
          const size_t row = place.row + warp / kWarpsAcross * kWarpRows + i * kFragment;
          const size_t column = place.column + warp % kWarpsAcross * kWarpColumns + j * kFragment;
          for (int e = t % kWarp; e < kFragmentSize; e += kWarp) {
            const size_t r = row + e / kFragment, col = column + e % kFragment;
            if (r >= shape.m || col >= shape.n) continue;
            epilogue.Store(fragments[warp * kFragmentSize + e], r, col, c + split.offset, shape);
          }
        });
      }
    }
  }
};

template <bool kTransposeA, bool kTransposeB>
struct GemmF32 {
  static constexpr int kThreads = 256;
  static constexpr int kTile = 64, kDepth = 16, kPerThread = 4, kStride = kTile + 4;

  const float* a;
  const float* b;
  float* c;
  GemmShape shape;
  Epilogue epilogue = {};

  UNIVAR_HD size_t tiles() const { return CountTiles(shape.m, shape.n, kTile, kTile); }
  UNIVAR_HD size_t blocks() const { return tiles() * shape.splits(); }
  UNIVAR_HD static size_t shared_bytes() { return 2 * SharedBytes<float>(kDepth * kStride); }

  // Copies op(X)^T of a tile, [kDepth, kTile], where `side` is the position along m or n. Adjacent threads read
  // adjacent entries.
  template <bool kDepthContiguous>
  UNIVAR_HD static void Stage(int thread, const float* from, size_t sides, size_t depths, size_t stride, size_t side,
                              size_t depth, float* to) {
    for (int e = thread; e < kTile * kDepth; e += kThreads) {
      const int s = kDepthContiguous ? e / kDepth : e % kTile, d = kDepthContiguous ? e % kDepth : e / kTile;
      const bool inside = side + s < sides && depth + d < depths;
      const size_t at = kDepthContiguous ? (side + s) * stride + depth + d : (depth + d) * stride + side + s;
      to[d * kStride + s] = inside ? from[at] : 0.0f;
    }
  }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    struct Sums {
      float values[kPerThread][kPerThread];
    };
    float* tile_a = block.template Shared<float>(kDepth * kStride);
    float* tile_b = block.template Shared<float>(kDepth * kStride);
    const TilePlace place = PlaceOfTile(block.index() % tiles(), shape.n, kTile, kTile);
    const DepthRange split = DepthOfSplit(block.index() / tiles(), shape);
    typename B::template Local<Sums> sums(block);
    constexpr int kAcross = kTile / kPerThread;

    block.Each([&](int t) { sums[t] = Sums{}; });
    for (size_t k = split.begin; k < split.end; k += kDepth) {
      block.Each([&](int t) {
        Stage<!kTransposeA>(t, a, shape.m, shape.k, shape.lda, place.row, k, tile_a);
        Stage<kTransposeB>(t, b, shape.n, shape.k, shape.ldb, place.column, k, tile_b);
      });
      block.Each([&](int t) {
        const float* left = tile_a + t / kAcross * kPerThread;
        const float* right = tile_b + t % kAcross * kPerThread;
        for (int d = 0; d < kDepth; ++d)
          for (int i = 0; i < kPerThread; ++i)
            for (int j = 0; j < kPerThread; ++j)
              sums[t].values[i][j] = fmaf(left[d * kStride + i], right[d * kStride + j], sums[t].values[i][j]);
      });
    }
    block.Each([&](int t) {
      for (int i = 0; i < kPerThread; ++i) {
        for (int j = 0; j < kPerThread; ++j) {
          const size_t r = place.row + t / kAcross * kPerThread + i, col = place.column + t % kAcross * kPerThread + j;
          if (r >= shape.m || col >= shape.n) continue;
          epilogue.Store(sums[t].values[i][j], r, col, c + split.offset, shape);
        }
      }
    });
  }
};

}  // namespace univar::cuda
