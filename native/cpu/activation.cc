// GELU and SwiGLU for every instruction set, see ops/activation.h.
#include <algorithm>
#include <cmath>

#include "cpu/encoder_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/activation.cc"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

#include "cpu/bf16-inl.h"
#include "cpu/exp-inl.h"
#include "cpu/gelu-inl.h"

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D, class V = hn::Vec<D>>
V Sigmoid(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  // 1 / (1 + 2^126) is practically 0.
  const V exponent = hn::Min(hn::Set(d, 126.0f), hn::Mul(x, hn::Set(d, -kLog2E)));
  return hn::Div(one, hn::Add(one, Pow2(d, exponent)));
}

template <class D, class V>
HWY_INLINE void Store(D d, V v, const ActivationOutput& out, size_t i, size_t count) {
  if (out.f32 != nullptr) {
    if (count >= hn::Lanes(d)) {
      hn::StoreU(v, d, out.f32 + i);
    } else {
      hn::StoreN(v, d, out.f32 + i, count);
    }
  }
  if (out.bf16 != nullptr) StoreBf16(d, v, out.bf16 + i, count);
}

// Loads `count` entries from offset i on and fills the rest of the vector with zeros.
struct Loader {
  size_t i, count;

  HWY_INLINE hn::Vec<hn::ScalableTag<float>> operator()(const ActivationInput& x) const {
    const hn::ScalableTag<float> d;
    if (x.bf16 != nullptr) return LoadBf16(d, x.bf16 + i, count);
    return count >= hn::Lanes(d) ? hn::LoadU(d, x.f32 + i) : hn::LoadN(d, x.f32 + i, count);
  }
};

// Calls `body` with a loader for every vector of n entries. The tail uses the same arithmetic.
template <class Body>
HWY_INLINE void ForEachVector(size_t n, const Body& body) {
  const size_t lanes = hn::Lanes(hn::ScalableTag<float>());
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) body(i, lanes, Loader{i, lanes});
  if (i < n) body(i, n - i, Loader{i, n - i});
}

void GeluForward(ActivationInput x, ActivationOutput y, size_t n) {
  const hn::ScalableTag<float> d;
  ForEachVector(n, [=](size_t i, size_t count, Loader load) HWY_ATTR { Store(d, Gelu(d, load(x)), y, i, count); });
}

void GeluBackward(ActivationInput x, ActivationInput dy, ActivationOutput dx, ActivationOutput y, size_t n) {
  const hn::ScalableTag<float> d;
  ForEachVector(n, [=](size_t i, size_t count, Loader load) HWY_ATTR {
    const auto v = load(x);
    const auto exponent = hn::Mul(hn::Set(d, -0.5f * kLog2E), hn::Mul(v, v));
    const auto density = hn::Mul(hn::Set(d, 0.39894228040143268f), Pow2(d, exponent));
    const auto phi = Phi(d, v);
    Store(d, hn::Mul(load(dy), hn::MulAdd(v, density, phi)), dx, i, count);
    Store(d, hn::Mul(v, phi), y, i, count);
  });
}

void SwigluForwardRow(ActivationInput up, ActivationInput gate, ActivationOutput y, size_t n) {
  const hn::ScalableTag<float> d;
  ForEachVector(n, [=](size_t i, size_t count, Loader load) HWY_ATTR {
    const auto g = load(gate);
    Store(d, hn::Mul(load(up), hn::Mul(g, Sigmoid(d, g))), y, i, count);
  });
}

void SwigluBackwardRow(ActivationInput up, ActivationInput gate, ActivationInput dy, ActivationOutput dup,
                       ActivationOutput dgate, ActivationOutput y, size_t n) {
  const hn::ScalableTag<float> d;
  const auto one = hn::Set(d, 1.0f);
  ForEachVector(n, [=](size_t i, size_t count, Loader load) HWY_ATTR {
    const auto u = load(up), g = load(gate), gradient = load(dy);
    const auto s = Sigmoid(d, g);
    const auto silu = hn::Mul(g, s);
    const auto slope = hn::Mul(s, hn::MulAdd(g, hn::Sub(one, s), one));
    Store(d, hn::Mul(gradient, silu), dup, i, count);
    Store(d, hn::Mul(hn::Mul(gradient, u), slope), dgate, i, count);
    Store(d, hn::Mul(u, silu), y, i, count);
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

Status gelu_forward_cpu(ActivationInput x, ActivationOutput y, size_t n) {
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < n; i += kBlock) HWY_DYNAMIC_DISPATCH(GeluForward)(x + i, y + i, std::min(kBlock, n - i));
  return Status::Ok();
}

Status gelu_backward_cpu(ActivationInput x, ActivationInput dy, ActivationOutput dx, ActivationOutput y, size_t n) {
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < n; i += kBlock) {
    HWY_DYNAMIC_DISPATCH(GeluBackward)(x + i, dy + i, dx + i, y + i, std::min(kBlock, n - i));
  }
  return Status::Ok();
}

Status swiglu_forward_cpu(ActivationInput pair, ActivationOutput y, size_t rows, size_t cols) {
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < rows; ++i) {
    const ActivationInput up = pair + 2 * i * cols;
    HWY_DYNAMIC_DISPATCH(SwigluForwardRow)(up, up + cols, y + i * cols, cols);
  }
  return Status::Ok();
}

Status swiglu_backward_cpu(ActivationInput pair, ActivationInput dy, ActivationOutput dpair, ActivationOutput y,
                           size_t rows, size_t cols) {
  const auto backward = HWY_DYNAMIC_POINTER(SwigluBackwardRow);
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < rows; ++i) {
    const ActivationInput up = pair + 2 * i * cols;
    const ActivationOutput dup = dpair + 2 * i * cols;
    backward(up, up + cols, dy + i * cols, dup, dup + cols, y + i * cols, cols);
  }
  return Status::Ok();
}

}  // namespace univar
#endif  // HWY_ONCE
