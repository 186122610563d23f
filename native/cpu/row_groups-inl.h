// Takes rows at any addresses in groups of four. Included once per instruction set.
#if defined(UNIVAR_ROW_GROUPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef UNIVAR_ROW_GROUPS_INL_H_
#undef UNIVAR_ROW_GROUPS_INL_H_
#else
#define UNIVAR_ROW_GROUPS_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <type_traits>

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {

// Calls compute(size, rows, next, out) for groups of 4 rows and then for single ones. `size` is an integral constant;
// `next` are the rows of the next group, to be prefetched, or null.
template <typename Row, class Compute>
HWY_INLINE void ForEachRowGroup(const Row* const* rows, size_t count, float* out, Compute compute) {
  constexpr size_t kGroup = 4;
  const Row* const* none = nullptr;
  size_t i = 0;
  for (; i + kGroup <= count; i += kGroup) {
    const bool more = i + 2 * kGroup <= count;
    compute(std::integral_constant<size_t, kGroup>(), rows + i, more ? rows + i + kGroup : none, out + i);
  }
  for (; i < count; ++i) compute(std::integral_constant<size_t, 1>(), rows + i, none, out + i);
}

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#endif  // include guard per instruction set
