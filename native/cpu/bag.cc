// Bags of embeddings for every instruction set, see ops/bag.h. Tables are larger than the caches and their rows are
// read in no order, so the kernels prefetch the rows that they will need.
#include "cpu/bag.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/bag.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr size_t kLine = 64;     // bytes per cache line
constexpr size_t kGroup = 4;     // rows that are added together, so that `out` is read and written less often
constexpr size_t kDistance = 8;  // rows between a prefetch and the use of its row
// Bytes of a row that are prefetched before it is read; the CPU then fetches the rest on its own. Prefetching rows of
// 1 KiB entirely makes sums of them 20 % slower.
constexpr size_t kPrefetched = 512;

template <typename T>
HWY_INLINE void PrefetchRow(const T* row, size_t dim) {
  const char* bytes = reinterpret_cast<const char*>(row);
  for (size_t at = 0; at < dim * sizeof(T); at += kLine) hwy::Prefetch(bytes + at);
}

template <class D>
HWY_INLINE hn::Vec<D> LoadFloats(D d, const float* from) {
  return hn::LoadU(d, from);
}
template <class D>
HWY_INLINE hn::Vec<D> LoadFloats(D d, const uint16_t* from) {
  const hn::Rebind<hwy::float16_t, D> half;
  return hn::PromoteTo(d, hn::BitCast(half, hn::LoadU(hn::Rebind<uint16_t, D>(), from)));
}
template <class D>
HWY_INLINE hn::Vec<D> LoadFloats(D d, const int8_t* from) {
  const hn::Rebind<int32_t, D> wide;
  return hn::ConvertTo(d, hn::PromoteTo(wide, hn::LoadU(hn::Rebind<int8_t, D>(), from)));
}

// Adds entries [at, at + lanes) of `kRows` rows to those of `out`.
template <size_t kRows, class D, typename T>
HWY_INLINE void AddLanes(D d, const T* const* rows, const float* weights, size_t at, float* out) {
  auto sum = hn::LoadU(d, out + at);
  for (size_t r = 0; r < kRows; ++r) sum = hn::MulAdd(hn::Set(d, weights[r]), LoadFloats(d, rows[r] + at), sum);
  hn::StoreU(sum, d, out + at);
}

template <size_t kRows, typename T>
HWY_INLINE void AddRows(const T* const* rows, const float* weights, size_t dim, float* out) {
  const hn::ScalableTag<float> d;
  size_t at = 0;
  for (; at + hn::Lanes(d) <= dim; at += hn::Lanes(d)) AddLanes<kRows>(d, rows, weights, at, out);
  for (; at < dim; ++at) AddLanes<kRows>(hn::CappedTag<float, 1>(), rows, weights, at, out);
}

template <typename T>
HWY_INLINE void SumBag(const BagTable& table, const BagEntry* entries, size_t count, float* HWY_RESTRICT out) {
  const T* data = static_cast<const T*>(table.data);
  const size_t dim = table.dim, prefetched = std::min(dim, kPrefetched / sizeof(T));
  std::fill_n(out, dim, 0.0f);
  for (size_t k = 0; k < std::min(kDistance, count); ++k) PrefetchRow(data + entries[k].row * dim, prefetched);
  for (size_t k = 0; k < count; k += kGroup) {
    const T* rows[kGroup];
    float weights[kGroup];
    const size_t size = std::min(kGroup, count - k);
    for (size_t r = 0; r < size; ++r) {
      const size_t ahead = k + r + kDistance;
      if (ahead < count) PrefetchRow(data + entries[ahead].row * dim, prefetched);
      const BagEntry& entry = entries[k + r];
      rows[r] = data + entry.row * dim;
      weights[r] = table.scales == nullptr ? entry.weight : entry.weight * table.scales[entry.row];
    }
    if (size == kGroup) {
      AddRows<kGroup>(rows, weights, dim, out);
    } else {
      for (size_t r = 0; r < size; ++r) AddRows<1>(rows + r, weights + r, dim, out);
    }
  }
}

void SumF32(const BagTable& table, const BagEntry* entries, size_t count, float* out) {
  SumBag<float>(table, entries, count, out);
}
void SumF16(const BagTable& table, const BagEntry* entries, size_t count, float* out) {
  SumBag<uint16_t>(table, entries, count, out);
}
void SumInt8(const BagTable& table, const BagEntry* entries, size_t count, float* out) {
  SumBag<int8_t>(table, entries, count, out);
}

// Computes entries [at, at + kVectors * lanes) of a row's gradient and adds their squares to `squares`.
template <size_t kVectors, class D>
HWY_INLINE void GradientLanes(D d, const BagStepArgs& args, size_t first, size_t last, size_t at, float* gradient,
                              hn::Vec<D>& squares) {
  hn::Vec<D> sums[kVectors];
  for (size_t v = 0; v < kVectors; ++v) sums[v] = hn::Zero(d);
  for (size_t k = first; k < last; ++k) {
    const float* row = args.d_out + args.entries[k].row * args.dim + at;
    const auto weight = hn::Set(d, args.entries[k].weight);
    for (size_t v = 0; v < kVectors; ++v) sums[v] = hn::MulAdd(weight, hn::LoadU(d, row + v * hn::Lanes(d)), sums[v]);
  }
  for (size_t v = 0; v < kVectors; ++v) {
    hn::StoreU(sums[v], d, gradient + at + v * hn::Lanes(d));
    squares = hn::MulAdd(sums[v], sums[v], squares);
  }
}

// Computes the gradient of a row from its entries, and returns its squared norm. Most rows have few entries, so the
// sums stay in registers.
HWY_INLINE float Gradient(const BagStepArgs& args, size_t first, size_t last, float* gradient) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  constexpr size_t kVectors = 4;
  const size_t lanes = hn::Lanes(d);
  auto squares = hn::Zero(d);
  auto squares_of_rest = hn::Zero(one);
  size_t at = 0;
  for (; at + kVectors * lanes <= args.dim; at += kVectors * lanes)
    GradientLanes<kVectors>(d, args, first, last, at, gradient, squares);
  for (; at + lanes <= args.dim; at += lanes) GradientLanes<1>(d, args, first, last, at, gradient, squares);
  for (; at < args.dim; ++at) GradientLanes<1>(one, args, first, last, at, gradient, squares_of_rest);
  return hn::ReduceSum(d, squares) + hn::GetLane(squares_of_rest);
}

void Step(const BagStepArgs& args, size_t begin, size_t end, float* HWY_RESTRICT gradient) {
  constexpr size_t kAhead = 4;  // rows are updated faster than memory delivers one
  const size_t dim = args.dim;
  for (size_t i = begin; i < end; ++i) {
    if (i + kAhead < end) PrefetchRow(args.rows + args.touched[i + kAhead] * dim, dim);
    const float squares = Gradient(args, args.offsets[i], args.offsets[i + 1], gradient);
    float& moment = args.moments[args.touched[i]];
    moment += squares / static_cast<float>(dim);
    const float rate = static_cast<float>(-args.learning_rate / (std::sqrt(static_cast<double>(moment)) + 1e-10));
    const float* const from = gradient;
    AddRows<1>(&from, &rate, dim, args.rows + args.touched[i] * dim);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace univar {

HWY_EXPORT(SumF32);
HWY_EXPORT(SumF16);
HWY_EXPORT(SumInt8);
HWY_EXPORT(Step);

void bag_forward_cpu(const BagTable& table, const BagEntry* entries, size_t count, float* out) {
  switch (table.type) {
    case TableType::kF32: return HWY_DYNAMIC_DISPATCH(SumF32)(table, entries, count, out);
    case TableType::kF16: return HWY_DYNAMIC_DISPATCH(SumF16)(table, entries, count, out);
    case TableType::kInt8: return HWY_DYNAMIC_DISPATCH(SumInt8)(table, entries, count, out);
  }
}

void bag_step_cpu(const BagStepArgs& args, size_t begin, size_t end, float* gradient) {
  HWY_DYNAMIC_DISPATCH(Step)(args, begin, end, gradient);
}

}  // namespace univar
#endif  // HWY_ONCE
