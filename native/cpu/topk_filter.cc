// The filter over a tile of approximate scores for every instruction set, see topk_filter.h.
#include "cpu/topk_filter.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/topk_filter.cc"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Lanes are queries. Few rows pass the filter, so scalar code handles them.
template <bool kIntegers, bool kDifferences>
void Filter(const TopkFilterArgs& args) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const size_t lanes = hn::Lanes(d);
  const QueryTerms& q = *args.queries;
  const float *HWY_RESTRICT scale = q.scale.data(), *HWY_RESTRICT residual = q.residual.data();
  const float *HWY_RESTRICT dot_weight = q.dot_weight.data(), *HWY_RESTRICT norm_weight = q.norm_weight.data();
  for (size_t j = 0; j < args.rows; ++j) {
    const auto row_scale = hn::Set(d, args.row_scale[j]);
    const auto row_residual = hn::Set(d, args.row_residual[j]);
    const auto row_length = hn::Set(d, args.row_length[j]);
    const auto half_square = hn::Set(d, kDifferences ? args.row_half_square[j] : 0.0f);
    const float* sums = args.sums + j * args.stride;
    for (size_t i = 0; i < args.stride; i += lanes) {
      auto sum = hn::Load(d, sums + i);
      if constexpr (kIntegers) {
        sum =
            hn::Mul(hn::ConvertTo(d, hn::Load(di, reinterpret_cast<const int32_t*>(sums) + i)), hn::Load(d, scale + i));
      }
      const auto error = hn::MulAdd(hn::Load(d, residual + i), row_length, row_residual);
      auto upper = hn::MulAdd(sum, row_scale, error);
      if constexpr (kDifferences) {
        upper = hn::NegMulAdd(hn::Load(d, norm_weight + i), half_square, hn::Mul(hn::Load(d, dot_weight + i), upper));
      }
      const auto passes = hn::Ge(upper, hn::Load(d, q.threshold.data() + i));
      if (HWY_LIKELY(hn::AllFalse(d, passes))) continue;
      HWY_ALIGN float uppers[hn::MaxLanes(d)];
      hn::Store(upper, d, uppers);
      uint8_t bytes[8] = {};
      hn::StoreMaskBits(d, passes, bytes);
      uint64_t bits;
      hwy::CopyBytes<8>(bytes, &bits);
      for (; bits != 0; bits &= bits - 1) {
        const size_t lane = hwy::Num0BitsBelowLS1Bit_Nonzero64(bits);
        args.selector->Push(i + lane, args.first_row + static_cast<int32_t>(j), uppers[lane]);
      }
    }
  }
}

void FilterTile(const TopkFilterArgs& args) {
  const bool differences = args.row_half_square != nullptr;
  if (args.integers) {
    differences ? Filter<true, true>(args) : Filter<true, false>(args);
  } else {
    differences ? Filter<false, true>(args) : Filter<false, false>(args);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace univar {

HWY_EXPORT(FilterTile);

void topk_filter(const TopkFilterArgs& args) { HWY_DYNAMIC_DISPATCH(FilterTile)(args); }

}  // namespace univar
#endif  // HWY_ONCE
