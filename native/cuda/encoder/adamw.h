// AdamW and the gradient's norm, see ops/adamw.h.
#pragma once

#include <cmath>

#include "cuda/primitives/block_sums.h"
#include "cuda/primitives/elementwise.h"
#include "ops/adamw.h"

namespace univar::cuda {

struct AdamWElement {
  static constexpr size_t kEach = 8;
  const float* grad;
  float* m;
  float* v;
  float* w;
  float scale, keep1, add1, keep2, add2;  // gradient scale, and factors of the moments
  float keep, rate, root, epsilon;
  UNIVAR_HD void operator()(size_t, size_t i) const {
    const float g = scale * grad[i];
    const float first = keep1 * m[i] + add1 * g;
    const float second = keep2 * v[i] + add2 * g * g;
    m[i] = first;
    v[i] = second;
    w[i] = keep * w[i] - rate * first / (sqrtf(second) * root + epsilon);
  }
};

template <class Machine>
Status AdamW(Machine& machine, const AdamWArgs& args, const float* grad, float* m, float* v, float* w, size_t n) {
  const double step = static_cast<double>(args.step);
  const double correction1 = 1.0 - std::pow(args.beta1, step), correction2 = 1.0 - std::pow(args.beta2, step);
  AdamWElement element{};
  element.grad = grad;
  element.m = m;
  element.v = v;
  element.w = w;
  element.scale = static_cast<float>(args.scale);
  element.keep1 = static_cast<float>(args.beta1);
  element.add1 = static_cast<float>(1.0 - args.beta1);
  element.keep2 = static_cast<float>(args.beta2);
  element.add2 = static_cast<float>(1.0 - args.beta2);
  element.keep = static_cast<float>(1.0 - args.learning_rate * args.weight_decay);
  element.rate = static_cast<float>(args.learning_rate / correction1);
  element.root = static_cast<float>(1.0 / std::sqrt(correction2));
  element.epsilon = static_cast<float>(args.epsilon);
  return ForEach(machine, element, 1, n);
}

// One block per kPiece entries.
struct SquaresOfPiece {
  static constexpr int kThreads = 256;
  static constexpr size_t kPiece = size_t{1} << 14;
  const float* x;
  size_t n;
  double* sums;
  static size_t shared_bytes() { return SharedBytes<double>(kThreads); }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    const size_t begin = block.index() * kPiece, end = Min(n, begin + kPiece);
    double* squares = block.template Shared<double>(kThreads);
    block.Each([&](int t) {
      double square = 0.0;
      for (size_t i = begin + t; i < end; i += kThreads) square += static_cast<double>(x[i]) * x[i];
      squares[t] = square;
    });
    SumByHalves(block, squares, kThreads);
    block.Each([&](int t) {
      if (t == 0) sums[block.index()] = squares[0];
    });
  }
};

// Uses Scratch, and waits for the result.
template <class Machine>
Status SquaredNorm(Machine& machine, const float* x, size_t n, double* sum) {
  *sum = 0.0;
  if (n == 0) return Status::Ok();
  const size_t pieces = CeilDivide(n, SquaresOfPiece::kPiece);
  double* sums = nullptr;
  UNIVAR_TRY(machine.Scratch(pieces + 1, "sums of squares", &sums));
  UNIVAR_TRY(machine.Launch(SquaresOfPiece{x, n, sums}, pieces));
  UNIVAR_TRY(machine.Launch(SumOfArray{sums, pieces, sums + pieces}, 1));
  UNIVAR_TRY(machine.Copy(sums + pieces, 1, sum));
  return machine.Wait();
}

}  // namespace univar::cuda
