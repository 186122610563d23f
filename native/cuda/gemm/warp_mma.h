// The only code that differs between device and host: a warp computes kRows x kColumns outputs on tensor cores (wmma,
// 16-bit operands, float32 sums); the host computes the same product in a loop. Operands have the same layout in shared
// memory as in global memory.
//
//   accumulator[kRows, kColumns] += op(A)[kRows, 16] op(B)[16, kColumns]
//   kTransposeA: A is stored [16, kRows];  kTransposeB: B is stored [kColumns, 16]
#pragma once

#include "cuda/machine/numbers.h"
#ifdef __CUDACC__
#include <cuda_bf16.h>
#include <mma.h>

#include <type_traits>
#endif

namespace univar::cuda {

inline constexpr int kWarp = 32;
inline constexpr int kFragment = 16;

#ifdef __CUDACC__

template <bool kTransposeA, bool kTransposeB, Half kHalf, int kRows, int kColumns>
class WarpTile {
 public:
  __device__ __forceinline__ void Clear(int) {
#pragma unroll
    for (int i = 0; i < kDown; ++i)
#pragma unroll
      for (int j = 0; j < kAcross; ++j) nvcuda::wmma::fill_fragment(sums_[i][j], 0.0f);
  }

  __device__ __forceinline__ void Add(int, const uint16_t* a, int lda, const uint16_t* b, int ldb) {
    using namespace nvcuda::wmma;
    using LayoutA = typename Layout<kTransposeA>::Type;
    using LayoutB = typename Layout<kTransposeB>::Type;
    fragment<matrix_a, kFragment, kFragment, kFragment, Element, LayoutA> left[kDown];
    fragment<matrix_b, kFragment, kFragment, kFragment, Element, LayoutB> right[kAcross];
#pragma unroll
    for (int i = 0; i < kDown; ++i) {
      const uint16_t* from = a + (kTransposeA ? i * kFragment : i * kFragment * lda);
      load_matrix_sync(left[i], reinterpret_cast<const Element*>(from), static_cast<unsigned>(lda));
    }
#pragma unroll
    for (int j = 0; j < kAcross; ++j) {
      const uint16_t* from = b + (kTransposeB ? j * kFragment * ldb : j * kFragment);
      load_matrix_sync(right[j], reinterpret_cast<const Element*>(from), static_cast<unsigned>(ldb));
    }
#pragma unroll
    for (int i = 0; i < kDown; ++i)
#pragma unroll
      for (int j = 0; j < kAcross; ++j) mma_sync(sums_[i][j], left[i], right[j], sums_[i][j]);
  }

  // Writes fragment (i, j), [16, 16], to `out` with rows `stride` entries apart.
  __device__ __forceinline__ void Store(int, int i, int j, float* out, int stride = kFragment) {
#pragma unroll
    for (int r = 0; r < kDown; ++r)
#pragma unroll
      for (int c = 0; c < kAcross; ++c)  // constant indices keep the sums in registers
        if (r == i && c == j)
          nvcuda::wmma::store_matrix_sync(out, sums_[r][c], static_cast<unsigned>(stride), nvcuda::wmma::mem_row_major);
  }

 private:
  using Element = std::conditional_t<kHalf == Half::kBf16, __nv_bfloat16, __half>;
  template <bool kTransposed, typename Unused = void>
  struct Layout {
    using Type = nvcuda::wmma::row_major;
  };
  template <typename Unused>
  struct Layout<true, Unused> {
    using Type = nvcuda::wmma::col_major;
  };
  static constexpr int kDown = kRows / kFragment, kAcross = kColumns / kFragment;
  nvcuda::wmma::fragment<nvcuda::wmma::accumulator, kFragment, kFragment, kFragment, float> sums_[kDown][kAcross];
};

#else

// The host version: the first lane does the work of its warp.
template <bool kTransposeA, bool kTransposeB, Half kHalf, int kRows, int kColumns>
class WarpTile {
 public:
  void Clear(int lane) {
    if (lane == 0) memset(sums_, 0, sizeof sums_);
  }
  void Add(int lane, const uint16_t* a, int lda, const uint16_t* b, int ldb) {
    if (lane != 0) return;
    for (int k = 0; k < kFragment; ++k) {
      for (int i = 0; i < kRows; ++i) {
        const float left = FromHalf<kHalf>(kTransposeA ? a[k * lda + i] : a[i * lda + k]);
        if (left == 0.0f) continue;  // most entries of a tile, if the matrix is small
        for (int j = 0; j < kColumns; ++j)
          sums_[i][j] += left * FromHalf<kHalf>(kTransposeB ? b[j * ldb + k] : b[k * ldb + j]);
      }
    }
  }
  void Store(int lane, int i, int j, float* out, int stride = kFragment) {
    if (lane != 0) return;
    for (int r = 0; r < kFragment; ++r)
      for (int c = 0; c < kFragment; ++c) out[r * stride + c] = sums_[i * kFragment + r][j * kFragment + c];
  }

 private:
  float sums_[kRows][kColumns];
};

#endif

}  // namespace univar::cuda
