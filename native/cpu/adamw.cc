// AdamW and the gradient norm, see ops/adamw.h. The step is memory-bound, so the compiler's vectorisation is enough.
// The norm needs explicit vectors, because the compiler must not reorder its sum.
#include <algorithm>
#include <cmath>
#include <vector>

#include "core/numbers.h"
#include "cpu/encoder_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/adamw.cc"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

double SumOfSquares(const float* HWY_RESTRICT x, size_t n) {
  const hn::ScalableTag<double> dd;
  const hn::Rebind<float, decltype(dd)> df;
  const size_t lanes = hn::Lanes(dd);
  constexpr size_t kSums = 4;  // independent sums, to hide the latency of a multiply-add
  hn::Vec<decltype(dd)> sums[kSums] = {hn::Zero(dd), hn::Zero(dd), hn::Zero(dd), hn::Zero(dd)};
  size_t i = 0;
  for (; i + kSums * lanes <= n; i += kSums * lanes) {
    for (size_t k = 0; k < kSums; ++k) {
      const auto v = hn::PromoteTo(dd, hn::LoadU(df, x + i + k * lanes));
      sums[k] = hn::MulAdd(v, v, sums[k]);
    }
  }
  double total = hn::ReduceSum(dd, hn::Add(hn::Add(sums[0], sums[1]), hn::Add(sums[2], sums[3])));
  for (; i < n; ++i) total += static_cast<double>(x[i]) * x[i];
  return total;
}

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace univar {

HWY_EXPORT(SumOfSquares);

namespace {
constexpr size_t kBlock = 1 << 16;
}

Status adamw_cpu(const AdamWArgs& args, const float* grad, float* m, float* v, float* w, size_t n) {
  const double correction1 = 1.0 - std::pow(args.beta1, static_cast<double>(args.step));
  const double correction2 = 1.0 - std::pow(args.beta2, static_cast<double>(args.step));
  const float scale = static_cast<float>(args.scale);
  const float b1 = static_cast<float>(args.beta1), b2 = static_cast<float>(args.beta2);
  const float c1 = static_cast<float>(1.0 - args.beta1), c2 = static_cast<float>(1.0 - args.beta2);
  const float rate = static_cast<float>(args.learning_rate / correction1);
  const float root = static_cast<float>(1.0 / std::sqrt(correction2));
  const float epsilon = static_cast<float>(args.epsilon);
  const float keep = static_cast<float>(1.0 - args.learning_rate * args.weight_decay);
#pragma omp parallel for simd schedule(static)
  for (size_t i = 0; i < n; ++i) {
    const float g = scale * grad[i];
    m[i] = b1 * m[i] + c1 * g;
    v[i] = b2 * v[i] + c2 * g * g;
    w[i] = keep * w[i] - rate * m[i] / (std::sqrt(v[i]) * root + epsilon);
  }
  return Status::Ok();
}

Status squared_norm_cpu(const float* x, size_t n, double* sum) {
  std::vector<double> partial(CeilDivide(n, kBlock));
#pragma omp parallel for schedule(static)
  for (size_t block = 0; block < partial.size(); ++block) {
    const size_t begin = block * kBlock;
    partial[block] = HWY_DYNAMIC_DISPATCH(SumOfSquares)(x + begin, std::min(kBlock, n - begin));
  }
  *sum = 0.0;
  for (double part : partial) *sum += part;
  return Status::Ok();
}

}  // namespace univar
#endif  // HWY_ONCE
