// Integer products for every instruction set, see topk_int16.h.
//
// Queries are packed by group of two vectors of queries, then by pair of entries, by query and by entry of the pair.
// One multiplication then computes the products of a pair for a vector of queries.
#include "cpu/topk_int16.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/topk_int16.cc"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D32 = hn::CappedTag<int32_t, kInt16Queries / 2>;
using D16 = hn::RepartitionToNarrow<D32>;

size_t GroupSize() { return 2 * hn::Lanes(D32()); }

void Pack(const int16_t* codes, size_t queries, size_t dim, size_t stride, int16_t* packed) {
  const size_t group = GroupSize(), pairs = (dim + 1) / 2;
  std::fill_n(packed, stride * pairs * 2, int16_t{0});
  for (size_t q = 0; q < queries; ++q) {
    int16_t* out = packed + (q / group * pairs * group + q % group) * 2;
    for (size_t t = 0; t < dim; ++t) out[t / 2 * group * 2 + t % 2] = codes[q * dim + t];
  }
}

void Widen(const int8_t* codes, size_t rows, size_t dim, int16_t* wide) {
  const hn::ScalableTag<int16_t> d16;
  const hn::Rebind<int8_t, decltype(d16)> d8;
  const size_t lanes = hn::Lanes(d16), padded = dim + dim % 2;
  for (size_t j = 0; j < rows; ++j, codes += dim, wide += padded) {
    size_t t = 0;
    for (; t + lanes <= dim; t += lanes) hn::StoreU(hn::PromoteTo(d16, hn::LoadU(d8, codes + t)), d16, wide + t);
    for (; t < dim; ++t) wide[t] = codes[t];
    if (dim % 2 != 0) wide[dim] = 0;
  }
  std::fill_n(wide, (kInt16Rows - rows % kInt16Rows) % kInt16Rows * padded, int16_t{0});
}

// Multiplies four rows with one group of queries and keeps eight sums in registers. `rows` are int16 pairs read as
// int32.
HWY_INLINE void MultiplyBlock(const int32_t* HWY_RESTRICT rows, size_t pairs, const int16_t* HWY_RESTRICT packed,
                              int32_t* HWY_RESTRICT sums, size_t stride) {
  const D32 d32;
  const D16 d16;
  const size_t lanes = hn::Lanes(d32);
  const int32_t *r0 = rows, *r1 = rows + pairs, *r2 = rows + 2 * pairs, *r3 = rows + 3 * pairs;
  auto s00 = hn::Zero(d32), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
  for (size_t p = 0; p < pairs; ++p, packed += 4 * lanes) {
    const auto q0 = hn::Load(d16, packed), q1 = hn::Load(d16, packed + 2 * lanes);
    const auto a0 = hn::BitCast(d16, hn::Set(d32, r0[p])), a1 = hn::BitCast(d16, hn::Set(d32, r1[p]));
    s00 = hn::Add(s00, hn::WidenMulPairwiseAdd(d32, a0, q0));
    s01 = hn::Add(s01, hn::WidenMulPairwiseAdd(d32, a0, q1));
    s10 = hn::Add(s10, hn::WidenMulPairwiseAdd(d32, a1, q0));
    s11 = hn::Add(s11, hn::WidenMulPairwiseAdd(d32, a1, q1));
    const auto a2 = hn::BitCast(d16, hn::Set(d32, r2[p])), a3 = hn::BitCast(d16, hn::Set(d32, r3[p]));
    s20 = hn::Add(s20, hn::WidenMulPairwiseAdd(d32, a2, q0));
    s21 = hn::Add(s21, hn::WidenMulPairwiseAdd(d32, a2, q1));
    s30 = hn::Add(s30, hn::WidenMulPairwiseAdd(d32, a3, q0));
    s31 = hn::Add(s31, hn::WidenMulPairwiseAdd(d32, a3, q1));
  }
  hn::Store(s00, d32, sums);
  hn::Store(s01, d32, sums + lanes);
  hn::Store(s10, d32, sums + stride);
  hn::Store(s11, d32, sums + stride + lanes);
  hn::Store(s20, d32, sums + 2 * stride);
  hn::Store(s21, d32, sums + 2 * stride + lanes);
  hn::Store(s30, d32, sums + 3 * stride);
  hn::Store(s31, d32, sums + 3 * stride + lanes);
}

void Multiply(const int8_t* codes, size_t rows, size_t dim, const int16_t* packed, size_t stride, int16_t* wide,
              int32_t* sums) {
  Widen(codes, rows, dim, wide);
  const size_t group = GroupSize(), pairs = (dim + 1) / 2;
  // A group of packed queries stays in the first-level cache while the tile of rows is streamed.
  for (size_t q = 0; q < stride; q += group) {
    for (size_t j = 0; j < rows; j += kInt16Rows) {
      MultiplyBlock(reinterpret_cast<const int32_t*>(wide) + j * pairs, pairs, packed + q * pairs * 2,
                    sums + j * stride + q, stride);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace univar {

HWY_EXPORT(Pack);
HWY_EXPORT(Multiply);

size_t packed_int16_size(size_t stride, size_t dim) { return stride * (dim + dim % 2); }

void pack_int16(const int16_t* codes, size_t queries, size_t dim, size_t stride, int16_t* packed) {
  HWY_DYNAMIC_DISPATCH(Pack)(codes, queries, dim, stride, packed);
}

void multiply_int16(const int8_t* codes, size_t rows, size_t dim, const int16_t* packed, size_t stride, int16_t* wide,
                    int32_t* sums) {
  HWY_DYNAMIC_DISPATCH(Multiply)(codes, rows, dim, packed, stride, wide, sums);
}

}  // namespace univar
#endif  // HWY_ONCE
