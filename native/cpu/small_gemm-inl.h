// A register-blocked product for operands in the cache. Kernels use it for products that are too small for oneDNN
// (attention heads). Included once per instruction set.
//
//   C[m, n] (+)= op(A) B[k, n],   op(A)[m, k] = A or A^T
//
// Rows of B and C are contiguous. n is a multiple of the vector width, and rows can be padded up to it. Elements of A
// are broadcast, so a transposed A costs nothing.
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

// Rows and vectors of C that are kept in registers: enough independent sums to hide the latency of a multiply-add on
// two units, but few enough for 32 registers, or for the 16 of AVX2 and below.
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr int kGemmRows = 8, kGemmVectors = 2;
#else
constexpr int kGemmRows = 6, kGemmVectors = 2;
#endif

struct SmallGemmArgs {
  const float* a;
  size_t lda;  // floats between stored rows of A
  const float* b;
  size_t ldb;
  float* c;
  size_t ldc;
  size_t m, n, k;
};

template <int kRows, int kVectors, bool kTransposeA, bool kAccumulate>
HWY_INLINE void SmallGemmBlock(const SmallGemmArgs& g, size_t i, size_t j) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d), lda = g.lda, ldb = g.ldb;
  hn::Vec<decltype(d)> acc[kRows][kVectors];
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      acc[r][v] = kAccumulate ? hn::LoadU(d, g.c + (i + r) * g.ldc + j + v * lanes) : hn::Zero(d);
    }
  }
  const float* HWY_RESTRICT b = g.b + j;
  const float* HWY_RESTRICT a = g.a + (kTransposeA ? i : i * lda);
  for (size_t t = 0; t < g.k; ++t, b += ldb, a += kTransposeA ? lda : 1) {
    hn::Vec<decltype(d)> bv[kVectors];
    for (int v = 0; v < kVectors; ++v) bv[v] = hn::LoadU(d, b + v * lanes);
    for (int r = 0; r < kRows; ++r) {
      const auto av = hn::Set(d, a[kTransposeA ? r : r * lda]);
      for (int v = 0; v < kVectors; ++v) acc[r][v] = hn::MulAdd(av, bv[v], acc[r][v]);
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) hn::StoreU(acc[r][v], d, g.c + (i + r) * g.ldc + j + v * lanes);
  }
}

template <int kVectors, bool kTransposeA, bool kAccumulate>
HWY_INLINE void SmallGemmRows(const SmallGemmArgs& g, size_t j) {
  size_t i = 0;
  for (; i + kGemmRows <= g.m; i += kGemmRows) SmallGemmBlock<kGemmRows, kVectors, kTransposeA, kAccumulate>(g, i, j);
  for (; i + 4 <= g.m; i += 4) SmallGemmBlock<4, kVectors, kTransposeA, kAccumulate>(g, i, j);
  for (; i < g.m; ++i) SmallGemmBlock<1, kVectors, kTransposeA, kAccumulate>(g, i, j);
}

template <bool kTransposeA, bool kAccumulate>
HWY_NOINLINE void SmallGemm(const SmallGemmArgs& g) {
  const size_t lanes = hn::Lanes(hn::ScalableTag<float>());
  size_t j = 0;
  for (; j + kGemmVectors * lanes <= g.n; j += kGemmVectors * lanes) {
    SmallGemmRows<kGemmVectors, kTransposeA, kAccumulate>(g, j);
  }
  for (; j < g.n; j += lanes) SmallGemmRows<1, kTransposeA, kAccumulate>(g, j);
}

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#endif  // include guard per instruction set
