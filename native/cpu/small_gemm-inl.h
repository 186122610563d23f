// A register-blocked product for operands that sit in cache, for kernels that need products smaller than oneDNN is made
// for (attention heads). Included once per instruction set.
//
//   C[m, n] (+)= A[m, k] B[k, n]
//
// A element (i, t) is a[i * a_row + t * a_col], so a transposed A costs nothing; rows of B and C are contiguous, n is a
// multiple of the vector width and rows may be padded up to it.
#if defined(UNIVAR_SMALL_GEMM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef UNIVAR_SMALL_GEMM_INL_H_
#undef UNIVAR_SMALL_GEMM_INL_H_
#else
#define UNIVAR_SMALL_GEMM_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

struct SmallGemmArgs {
  const float* a;
  size_t a_row, a_col;
  const float* b;
  size_t ldb;
  float* c;
  size_t ldc;
  size_t m, n, k;
};

template <int kRows, int kVectors, bool kAccumulate>
HWY_INLINE void SmallGemmBlock(const SmallGemmArgs& g, size_t i, size_t j) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  hn::Vec<decltype(d)> acc[kRows][kVectors];
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      acc[r][v] = kAccumulate ? hn::LoadU(d, g.c + (i + r) * g.ldc + j + v * lanes) : hn::Zero(d);
    }
  }
  const float* HWY_RESTRICT b = g.b + j;
  const float* HWY_RESTRICT a = g.a + i * g.a_row;
  for (size_t t = 0; t < g.k; ++t, b += g.ldb, a += g.a_col) {
    hn::Vec<decltype(d)> bv[kVectors];
    for (int v = 0; v < kVectors; ++v) bv[v] = hn::LoadU(d, b + v * lanes);
    for (int r = 0; r < kRows; ++r) {
      const auto av = hn::Set(d, a[r * g.a_row]);
      for (int v = 0; v < kVectors; ++v) acc[r][v] = hn::MulAdd(av, bv[v], acc[r][v]);
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) hn::StoreU(acc[r][v], d, g.c + (i + r) * g.ldc + j + v * lanes);
  }
}

template <int kVectors, bool kAccumulate>
HWY_INLINE void SmallGemmColumns(const SmallGemmArgs& g, size_t j) {
  size_t i = 0;
  for (; i + 6 <= g.m; i += 6) SmallGemmBlock<6, kVectors, kAccumulate>(g, i, j);
  for (; i + 2 <= g.m; i += 2) SmallGemmBlock<2, kVectors, kAccumulate>(g, i, j);
  for (; i < g.m; ++i) SmallGemmBlock<1, kVectors, kAccumulate>(g, i, j);
}

template <bool kAccumulate>
HWY_INLINE void SmallGemm(const SmallGemmArgs& g) {
  const size_t lanes = hn::Lanes(hn::ScalableTag<float>());
  size_t j = 0;
  for (; j + 2 * lanes <= g.n; j += 2 * lanes) SmallGemmColumns<2, kAccumulate>(g, j);
  for (; j < g.n; j += lanes) SmallGemmColumns<1, kAccumulate>(g, j);
}

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#endif  // include guard per instruction set
