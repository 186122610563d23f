// GELU and SwiGLU, see ops/activation.h.
#pragma once

#include "cuda/primitives/elementwise.h"

namespace univar::cuda {

// Far below zero the exponential is infinite and the result 0, as it should be.
UNIVAR_HD float Sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

struct GeluElement {
  static constexpr size_t kEach = 8;
  ActivationInput x;
  ActivationOutput y;
  UNIVAR_HD void operator()(size_t, size_t i) const {
    const float v = Load(x, i);
    Store(v * Phi(v), y, i);
  }
};

struct GeluGradientElement {
  static constexpr size_t kEach = 8;
  ActivationInput x, dy;
  ActivationOutput dx, y;
  UNIVAR_HD void operator()(size_t, size_t i) const {
    const float v = Load(x, i), phi = Phi(v);
    const float density = 0.39894228f * expf(-0.5f * v * v);
    Store(Load(dy, i) * (phi + v * density), dx, i);
    Store(v * phi, y, i);
  }
};

struct SwigluElement {
  static constexpr size_t kEach = 8;
  ActivationInput pair;
  ActivationOutput y;
  size_t cols;
  UNIVAR_HD void operator()(size_t row, size_t column) const {
    const size_t up = 2 * row * cols + column, gate = up + cols;
    const float g = Load(pair, gate);
    Store(Load(pair, up) * (g * Sigmoid(g)), y, row * cols + column);
  }
};

struct SwigluGradientElement {
  static constexpr size_t kEach = 8;
  ActivationInput pair, dy;
  ActivationOutput dpair, y;
  size_t cols;
  UNIVAR_HD void operator()(size_t row, size_t column) const {
    const size_t up = 2 * row * cols + column, gate = up + cols, at = row * cols + column;
    const float u = Load(pair, up), g = Load(pair, gate), gradient = Load(dy, at);
    const float s = Sigmoid(g), silu = g * s;
    const float slope = s * (1.0f + g * (1.0f - s));
    Store(gradient * silu, dpair, up);
    Store(gradient * u * slope, dpair, gate);
    Store(u * silu, y, at);
  }
};

template <class Machine>
Status GeluForward(Machine& machine, ActivationInput x, ActivationOutput y, size_t n) {
  return ForEach(machine, GeluElement{x, y}, 1, n);
}

template <class Machine>
Status GeluBackward(Machine& machine, ActivationInput x, ActivationInput dy, ActivationOutput dx, ActivationOutput y,
                    size_t n) {
  return ForEach(machine, GeluGradientElement{x, dy, dx, y}, 1, n);
}

template <class Machine>
Status SwigluForward(Machine& machine, ActivationInput pair, ActivationOutput y, size_t rows, size_t cols) {
  return ForEach(machine, SwigluElement{pair, y, cols}, rows, cols);
}

template <class Machine>
Status SwigluBackward(Machine& machine, ActivationInput pair, ActivationInput dy, ActivationOutput dpair,
                      ActivationOutput y, size_t rows, size_t cols) {
  return ForEach(machine, SwigluGradientElement{pair, dy, dpair, y, cols}, rows, cols);
}

}  // namespace univar::cuda
