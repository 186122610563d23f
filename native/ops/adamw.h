// One AdamW step with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101), over a flat block of
// parameters:
//
//   g = scale * grad,   m = b1 m + (1 - b1) g,   v = b2 v + (1 - b2) g^2
//   w = w - lr * (decay * w + (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps))
//
// `scale` applies gradient clipping. squared_norm sums in double precision, in an order that does not depend on the
// number of threads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/status.h"

namespace univar {

struct AdamWArgs {
  double learning_rate = 0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0;
  int64_t step = 1;  // t, counted from 1
  double scale = 1;
};

using AdamWFn = Status (*)(const AdamWArgs& args, const float* grad, float* m, float* v, float* w, size_t n);
using SquaredNormFn = Status (*)(const float* x, size_t n, double* sum);

}  // namespace univar
