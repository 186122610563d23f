// Row distances for every instruction set, see distances.h.
#include "cpu/distances.h"

#include <hwy/cache_control.h>

#include <algorithm>
#include <cmath>

#include "core/compiler.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/distances.cc"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

#include "cpu/row_groups-inl.h"

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::ScalableTag<float>;
using VF = hn::Vec<DF>;

// These types load each row type as a vector of float32.
struct F32 {
  using T = float;
  static VF Load(DF d, const T* p) { return hn::LoadU(d, p); }
};
struct F16 {
  using T = hwy::float16_t;
  static VF Load(DF d, const T* p) { return hn::PromoteTo(d, hn::LoadU(hn::Rebind<T, DF>(), p)); }
};
struct Bf16 {
  using T = hwy::bfloat16_t;
  static VF Load(DF d, const T* p) { return hn::PromoteTo(d, hn::LoadU(hn::Rebind<T, DF>(), p)); }
};
struct U8 {
  using T = uint8_t;
  static VF Load(DF d, const T* p) {
    const hn::Rebind<int32_t, DF> di;
    return hn::ConvertTo(d, hn::PromoteTo(di, hn::LoadU(hn::Rebind<T, DF>(), p)));
  }
};

template <bool kDifferences, bool kScaled>
HWY_INLINE VF Accumulate(VF query, VF scale, VF row, VF sum) {
  if constexpr (kDifferences) {
    const VF difference = kScaled ? hn::NegMulAdd(scale, row, query) : hn::Sub(query, row);
    return hn::MulAdd(difference, difference, sum);
  } else {
    return hn::MulAdd(query, row, sum);
  }
}

// Computes distances to kRows rows. Each row has two sums for any kRows, so a pair gives the same value alone and in a
// group. `next` are the rows to prefetch, or null.
template <class Row, bool kDifferences, bool kScaled, size_t kRows>
HWY_INLINE void Group(const float* HWY_RESTRICT query, const float* HWY_RESTRICT scale, const uint8_t* const* rows,
                      const uint8_t* const* next, size_t dim, float* HWY_RESTRICT out) {
  using T = typename Row::T;
  const DF d;
  const size_t lanes = hn::Lanes(d);
  const T* r[kRows];
  VF even[kRows], odd[kRows];
  for (size_t i = 0; i < kRows; ++i) {
    r[i] = reinterpret_cast<const T*>(rows[i]);
    even[i] = odd[i] = hn::Zero(d);
  }
  size_t j = 0;
  for (; j + 2 * lanes <= dim; j += 2 * lanes) {
    const VF q0 = hn::LoadU(d, query + j);
    const VF q1 = hn::LoadU(d, query + j + lanes);
    const VF s0 = kScaled ? hn::LoadU(d, scale + j) : q0;
    const VF s1 = kScaled ? hn::LoadU(d, scale + j + lanes) : q1;
    for (size_t i = 0; i < kRows; ++i) {
      even[i] = Accumulate<kDifferences, kScaled>(q0, s0, Row::Load(d, r[i] + j), even[i]);
      odd[i] = Accumulate<kDifferences, kScaled>(q1, s1, Row::Load(d, r[i] + j + lanes), odd[i]);
      if (next != nullptr) {
        // One hint per cache line. With smaller vectors, a line gets several hints, at no measurable cost.
        hwy::Prefetch(next[i] + j * sizeof(T));
        if (2 * lanes * sizeof(T) > 64) hwy::Prefetch(next[i] + (j + lanes) * sizeof(T));
      }
    }
  }
  // The rest is padded with zeros, which add nothing to either sum.
  while (j < dim) {
    const size_t rest = HWY_MIN(dim - j, lanes);
    HWY_ALIGN float q[HWY_MAX_LANES_D(DF)] = {};
    HWY_ALIGN float s[HWY_MAX_LANES_D(DF)] = {};
    HWY_ALIGN T x[HWY_MAX_LANES_D(DF)];
    std::copy_n(query + j, rest, q);
    if (kScaled) std::copy_n(scale + j, rest, s);
    const VF vq = hn::Load(d, q);
    const VF vs = hn::Load(d, s);
    for (size_t i = 0; i < kRows; ++i) {
      hwy::ZeroBytes(x, sizeof(x));
      hwy::CopyBytes(r[i] + j, x, rest * sizeof(T));
      even[i] = Accumulate<kDifferences, kScaled>(vq, vs, Row::Load(d, x), even[i]);
    }
    j += rest;
  }
  for (size_t i = 0; i < kRows; ++i) out[i] = hn::ReduceSum(d, hn::Add(even[i], odd[i]));
}

template <class Row, bool kDifferences, bool kScaled>
void RowDistances(const float* query, const float* scale, const uint8_t* const* rows, size_t count, size_t dim,
                  float* out) {
  ForEachRowGroup(rows, count, out, [&](auto size, auto* group, auto* next, float* results) HWY_ATTR {
    Group<Row, kDifferences, kScaled, size.value>(query, scale, group, next, dim, results);
  });
}

template <class Row, bool kScaled>
RowDistanceFn Select(const MetricTraits& metric) {
  if (metric.sums_differences) return RowDistances<Row, true, kScaled>;
  return RowDistances<Row, false, false>;
}

RowDistanceFn SelectRowDistance(const MetricTraits& metric, RowType type) {
  switch (type) {
    case RowType::kF32: return Select<F32, false>(metric);
    case RowType::kF16: return Select<F16, false>(metric);
    case RowType::kBf16: return Select<Bf16, false>(metric);
    case RowType::kU8: return Select<U8, true>(metric);
  }
  UNIVAR_UNREACHABLE();
}

template <size_t kRows>
HWY_INLINE void DotGroup(const hwy::bfloat16_t* HWY_RESTRICT query, const uint16_t* const* rows,
                         const uint16_t* const* next, size_t dim, float* HWY_RESTRICT out) {
  using T = hwy::bfloat16_t;
  const DF d;
  const hn::Repartition<T, DF> db;
  const size_t lanes = hn::Lanes(db);
  VF even[kRows], odd[kRows];
  for (size_t i = 0; i < kRows; ++i) even[i] = odd[i] = hn::Zero(d);
  size_t j = 0;
  for (; j + lanes <= dim; j += lanes) {
    const auto q = hn::LoadU(db, query + j);
    for (size_t i = 0; i < kRows; ++i) {
      const auto x = hn::LoadU(db, reinterpret_cast<const T*>(rows[i]) + j);
      even[i] = hn::ReorderWidenMulAccumulate(d, q, x, even[i], odd[i]);
      if (next != nullptr) hwy::Prefetch(next[i] + j);
    }
  }
  if (j < dim) {
    HWY_ALIGN T q[HWY_MAX_LANES_D(decltype(db))];
    HWY_ALIGN T x[HWY_MAX_LANES_D(decltype(db))];
    hwy::ZeroBytes(q, sizeof(q));
    hwy::ZeroBytes(x, sizeof(x));
    hwy::CopyBytes(query + j, q, (dim - j) * sizeof(T));
    for (size_t i = 0; i < kRows; ++i) {
      hwy::CopyBytes(rows[i] + j, x, (dim - j) * sizeof(T));
      even[i] = hn::ReorderWidenMulAccumulate(d, hn::Load(db, q), hn::Load(db, x), even[i], odd[i]);
    }
  }
  for (size_t i = 0; i < kRows; ++i) out[i] = hn::ReduceSum(d, hn::Add(even[i], odd[i]));
}

void Bf16Dots(const uint16_t* query, const uint16_t* const* rows, size_t count, size_t dim, float* out) {
  const auto* q = reinterpret_cast<const hwy::bfloat16_t*>(query);
  ForEachRowGroup(rows, count, out, [&](auto size, auto* group, auto* next, float* results) HWY_ATTR {
    DotGroup<size.value>(q, group, next, dim, results);
  });
}

Bf16DotFn SelectBf16Dot() { return Bf16Dots; }

bool AllWithin(const float* HWY_RESTRICT x, size_t n, float limit) {
  const DF d;
  const size_t lanes = hn::Lanes(d);
  const VF bound = hn::Set(d, limit);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    if (!hn::AllTrue(d, hn::Le(hn::Abs(hn::LoadU(d, x + i)), bound))) return false;
  }
  for (; i < n; ++i) {
    if (!(std::abs(x[i]) <= limit)) return false;
  }
  return true;
}

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace univar {

HWY_EXPORT(SelectRowDistance);
HWY_EXPORT(SelectBf16Dot);
HWY_EXPORT(AllWithin);

// Not HWY_DYNAMIC_POINTER: before the first dispatch of the process, it points to a stub that detects the CPU each
// time.
RowDistanceFn row_distance_cpu(const MetricTraits& metric, RowType type) {
  return HWY_DYNAMIC_DISPATCH(SelectRowDistance)(metric, type);
}

Bf16DotFn bf16_dot_cpu() { return HWY_DYNAMIC_DISPATCH(SelectBf16Dot)(); }

size_t first_row_beyond_cpu(const float* x, size_t rows, size_t cols, float limit) {
  // The row is searched only if a pass over all entries finds such a number, which is rare.
  constexpr size_t kBlock = 1 << 14;
  const size_t size = rows * cols;
  bool within = true;
#pragma omp parallel for schedule(static) reduction(&& : within) if (size > 64 * kBlock)
  for (size_t i = 0; i < size; i += kBlock) {
    within = within && HWY_DYNAMIC_DISPATCH(AllWithin)(x + i, std::min(kBlock, size - i), limit);
  }
  if (within) return rows;
  size_t row = 0;
  while (row < rows && HWY_DYNAMIC_DISPATCH(AllWithin)(x + row * cols, cols, limit)) ++row;
  return row;
}

}  // namespace univar
#endif  // HWY_ONCE
