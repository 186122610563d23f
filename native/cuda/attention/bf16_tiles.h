// Common parts of the attention kernels on tensor cores: bf16 tiles in shared memory. A warp processes 16 own rows, and
// two threads share the softmax of a row.
#pragma once

#include "cuda/attention/tiles.h"
#include "cuda/gemm/warp_mma.h"

namespace univar::cuda {

// Padding in entries. It keeps the rows of a tile in different banks and every fragment aligned.
inline constexpr int kBf16Pad = 8, kFloatPad = 4;

template <int kPaddedDim>
struct Bf16Layout {
  static constexpr int kDim = kPaddedDim, kRows = kDim <= 64 ? 64 : 32;
  static constexpr int kThreads = kRows / kFragment * kWarp, kSharers = kThreads / kRows;
  static constexpr int kStride = kDim + kBf16Pad, kSumStride = kDim + kFloatPad;
  static_assert(kSharers == 2 && kDim % kFragment == 0);

  // Return the first row of a thread's warp, and the row that the thread shares.
  UNIVAR_HD static int WarpRow(int thread) { return thread / kWarp * kFragment; }
  UNIVAR_HD static int Row(int thread) { return thread / kSharers; }

  // Computes products[own, streamed] = own rows times streamed rows, for the rows of the thread's warp.
  template <int kStreamed>
  UNIVAR_HD static void Dots(int thread, const Bf16* own, const Bf16* streamed, float* products) {
    constexpr int kTo = kStreamed + kFloatPad;
    const int lane = thread % kWarp, row = WarpRow(thread);
    WarpTile<false, true, Half::kBf16, kFragment, kStreamed> sums;
    sums.Clear(lane);
    for (int d = 0; d < kDim; d += kFragment) sums.Add(lane, own + row * kStride + d, kStride, streamed + d, kStride);
#pragma unroll
    for (int j = 0; j < kStreamed / kFragment; ++j) sums.Store(lane, 0, j, products + row * kTo + j * kFragment, kTo);
  }

  // Entries of the own rows of a warp, [16, kDim].
  using Entries = WarpTile<false, false, Half::kBf16, kFragment, kDim>;

  // entries += weights[own, streamed] streamed[streamed, dim].
  template <int kStreamed>
  UNIVAR_HD static void AddProduct(int thread, const Bf16* weights, const Bf16* streamed, Entries* entries) {
    constexpr int kFrom = kStreamed + kBf16Pad;
    for (int n = 0; n < kStreamed; n += kFragment)
      entries->Add(thread % kWarp, weights + WarpRow(thread) * kFrom + n, kFrom, streamed + n * kStride, kStride);
  }

  // Copies entries to a tile [own, kSumStride], from which they are written in order.
  UNIVAR_HD static void Put(int thread, Entries* entries, float* tile) {
#pragma unroll
    for (int j = 0; j < kDim / kFragment; ++j)
      entries->Store(thread % kWarp, 0, j, tile + WarpRow(thread) * kSumStride + j * kFragment, kSumStride);
  }
};

}  // namespace univar::cuda
