// GELU and SwiGLU for every instruction set, see ops/activation.h.
#include <algorithm>
#include <cmath>

#include "cpu/encoder_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/activation.cc"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// erf(x) as x times a ratio of polynomials in x^2 on [-4, 4], beyond which float32 rounds it to +-1. The minimax
// coefficients are those that Eigen and XLA use; error below 2e-7.
template <class D, class V = hn::Vec<D>>
V Erf(D d, V x) {
  x = hn::Max(hn::Min(x, hn::Set(d, 3.832506856900711f)), hn::Set(d, -3.832506856900711f));
  const V y = hn::Mul(x, x);
  V p = hn::Set(d, 0.00022905065861350646f);
  p = hn::MulAdd(p, y, hn::Set(d, 0.0034082910107109506f));
  p = hn::MulAdd(p, y, hn::Set(d, 0.050955695062380861f));
  p = hn::MulAdd(p, y, hn::Set(d, 0.18520832239976145f));
  p = hn::MulAdd(p, y, hn::Set(d, 1.128379143519084f));
  V q = hn::Set(d, -1.1791602954361697e-7f);
  q = hn::MulAdd(q, y, hn::Set(d, 0.000023547966471313185f));
  q = hn::MulAdd(q, y, hn::Set(d, 0.0010179625278914885f));
  q = hn::MulAdd(q, y, hn::Set(d, 0.014070470171167667f));
  q = hn::MulAdd(q, y, hn::Set(d, 0.11098505178285362f));
  q = hn::MulAdd(q, y, hn::Set(d, 0.49746925110067538f));
  q = hn::MulAdd(q, y, hn::Set(d, 1.0f));
  return hn::Div(hn::Mul(x, p), q);
}

template <class D, class V = hn::Vec<D>>
V Phi(D d, V x) {
  return hn::MulAdd(hn::Set(d, 0.5f), Erf(d, hn::Mul(x, hn::Set(d, 0.70710678118654752f))), hn::Set(d, 0.5f));
}

template <class D, class V = hn::Vec<D>>
V Sigmoid(D d, V x) {
  return hn::Div(hn::Set(d, 1.0f), hn::Add(hn::Set(d, 1.0f), hn::Exp(d, hn::Neg(x))));
}

// Applies `function` to n entries; the tail goes through a padded vector, so results do not depend on alignment.
template <size_t kInputs, class Function>
void Map(const float* const (&in)[kInputs], float* out, size_t n, const Function& function) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  for (size_t i = 0; i < n; i += lanes) {
    const size_t count = std::min(lanes, n - i);
    hn::Vec<decltype(d)> v[kInputs];
    for (size_t k = 0; k < kInputs; ++k) v[k] = hn::LoadN(d, in[k] + i, count);
    hn::StoreN(function(d, v), d, out + i, count);
  }
}

void GeluForward(const float* x, float* y, size_t n) {
  Map<1>({x}, y, n, [](auto d, auto* v) HWY_ATTR { return hn::Mul(v[0], Phi(d, v[0])); });
}

void GeluBackward(const float* x, const float* dy, float* dx, size_t n) {
  Map<2>({x, dy}, dx, n, [](auto d, auto* v) HWY_ATTR {
    const auto density = hn::Mul(hn::Set(d, 0.39894228040143268f),
                                 hn::Exp(d, hn::Mul(hn::Set(d, -0.5f), hn::Mul(v[0], v[0]))));
    return hn::Mul(v[1], hn::MulAdd(v[0], density, Phi(d, v[0])));
  });
}

void SwigluForwardRow(const float* up, const float* gate, float* y, size_t n) {
  Map<2>({up, gate}, y, n, [](auto d, auto* v) HWY_ATTR { return hn::Mul(v[0], hn::Mul(v[1], Sigmoid(d, v[1]))); });
}

void SwigluBackwardRow(const float* up, const float* gate, const float* dy, float* dup, float* dgate, size_t n) {
  Map<2>({gate, dy}, dup, n, [](auto d, auto* v) HWY_ATTR { return hn::Mul(v[1], hn::Mul(v[0], Sigmoid(d, v[0]))); });
  Map<3>({up, gate, dy}, dgate, n, [](auto d, auto* v) HWY_ATTR {
    const auto s = Sigmoid(d, v[1]);
    const auto one = hn::Set(d, 1.0f);
    const auto slope = hn::Mul(s, hn::MulAdd(v[1], hn::Sub(one, s), one));
    return hn::Mul(hn::Mul(v[2], v[0]), slope);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace univar {

HWY_EXPORT(GeluForward);
HWY_EXPORT(GeluBackward);
HWY_EXPORT(SwigluForwardRow);
HWY_EXPORT(SwigluBackwardRow);

namespace {
constexpr size_t kBlock = 1 << 14;  // floats per piece of parallel work
}

void gelu_forward_cpu(const float* x, float* y, size_t n) {
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < n; i += kBlock) HWY_DYNAMIC_DISPATCH(GeluForward)(x + i, y + i, std::min(kBlock, n - i));
}

void gelu_backward_cpu(const float* x, const float* dy, float* dx, size_t n) {
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < n; i += kBlock) {
    HWY_DYNAMIC_DISPATCH(GeluBackward)(x + i, dy + i, dx + i, std::min(kBlock, n - i));
  }
}

void swiglu_forward_cpu(const float* pair, float* y, size_t rows, size_t cols) {
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < rows; ++i) {
    const float* up = pair + 2 * i * cols;
    HWY_DYNAMIC_DISPATCH(SwigluForwardRow)(up, up + cols, y + i * cols, cols);
  }
}

void swiglu_backward_cpu(const float* pair, const float* dy, float* dpair, size_t rows, size_t cols) {
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < rows; ++i) {
    const float* up = pair + 2 * i * cols;
    float* dup = dpair + 2 * i * cols;
    HWY_DYNAMIC_DISPATCH(SwigluBackwardRow)(up, up + cols, dy + i * cols, dup, dup + cols, cols);
  }
}

}  // namespace univar
#endif  // HWY_ONCE
