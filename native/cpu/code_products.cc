// Integer products for every instruction set, see code_products.h.
#include "cpu/code_products.h"

#include <hwy/cache_control.h>

#include <algorithm>
#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/code_products.cc"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

#include "cpu/row_groups-inl.h"

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DI = hn::ScalableTag<int32_t>;
using DW = hn::Repartition<int16_t, DI>;
using DC = hn::Rebind<uint8_t, DW>;

// A sum of 32 bits holds this many products of a code and the largest step.
constexpr size_t kDimPerSum = 256;

// Products with kRows rows. `next` are the rows to prefetch, or null.
template <size_t kRows>
HWY_INLINE void Group(const WholeQuery& query, const uint8_t* const* rows, const uint8_t* const* next, size_t dim,
                      float* HWY_RESTRICT out) {
  const DI di;
  const DW dw;
  const DC dc;
  const size_t lanes = hn::Lanes(dw);
  const int16_t* HWY_RESTRICT whole = query.whole.data();
  hn::Vec<DI> even[kRows], odd[kRows];
  for (size_t i = 0; i < kRows; ++i) even[i] = odd[i] = hn::Zero(di);
  size_t j = 0;
  for (; j + lanes <= dim; j += lanes) {
    const auto q = hn::LoadU(dw, whole + j);
    for (size_t i = 0; i < kRows; ++i) {
      const auto codes = hn::PromoteTo(dw, hn::LoadU(dc, rows[i] + j));
      even[i] = hn::ReorderWidenMulAccumulate(di, q, codes, even[i], odd[i]);
      if (next != nullptr) hwy::Prefetch(next[i] + j);
    }
  }
  if (j < dim) {
    const auto q = hn::LoadU(dw, whole + j);
    for (size_t i = 0; i < kRows; ++i) {
      const auto codes = hn::PromoteTo(dw, hn::LoadN(dc, rows[i] + j, dim - j));
      even[i] = hn::ReorderWidenMulAccumulate(di, q, codes, even[i], odd[i]);
    }
  }
  const hn::RepartitionToWide<DI> dl;
  for (size_t i = 0; i < kRows; ++i) {
    const auto sums = hn::RearrangeToOddPlusEven(even[i], odd[i]);
    const int64_t sum = dim <= kDimPerSum ? hn::ReduceSum(di, sums) : hn::ReduceSum(dl, hn::SumsOf2(sums));
    out[i] = query.step * static_cast<float>(sum);
  }
}

void CodeProducts(const WholeQuery& query, const uint8_t* const* rows, size_t count, size_t dim, float* out) {
  ForEachRowGroup(rows, count, out, [&](auto size, auto* group, auto* next, float* results) HWY_ATTR {
    Group<size.value>(query, group, next, dim, results);
  });
}

CodeProductsFn SelectCodeProducts() { return CodeProducts; }

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace univar {

HWY_EXPORT(SelectCodeProducts);

CodeProductsFn code_products_cpu() { return HWY_DYNAMIC_DISPATCH(SelectCodeProducts)(); }

bool WholeQuery::Round(const float* query, size_t dim) {
  constexpr size_t kMostDim = 4 * 256;  // vectors have 4 sums or more of 256 products each
  constexpr float kSteps = std::numeric_limits<int16_t>::max();
  if (dim > kMostDim) return false;
  float largest = 0.0f;
  for (size_t j = 0; j < dim; ++j) largest = std::max(largest, std::abs(query[j]));
  step = largest / kSteps;
  if (largest != 0.0f && !std::isnormal(step)) return false;
  const float inverse = largest == 0.0f ? 0.0f : kSteps / largest;
  if (!std::isfinite(inverse)) return false;
  whole.assign((dim + kCodeProductLanes - 1) / kCodeProductLanes * kCodeProductLanes, 0);
  for (size_t j = 0; j < dim; ++j) whole[j] = static_cast<int16_t>(std::lrint(query[j] * inverse));
  return true;
}

}  // namespace univar
#endif  // HWY_ONCE
