// AdamW and the gradient norm, see ops/adamw.h. Memory-bound: the compiler's vectorisation is enough.
#include <cmath>

#include <algorithm>
#include <vector>

#include "cpu/encoder_kernels.h"

namespace univar {
namespace {
constexpr size_t kBlock = 1 << 16;
}

void adamw_cpu(const AdamWArgs& args, const float* grad, float* m, float* v, float* w, size_t n) {
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
}

double squared_norm_cpu(const float* x, size_t n) {
  std::vector<double> partial((n + kBlock - 1) / kBlock);
#pragma omp parallel for schedule(static)
  for (size_t block = 0; block < partial.size(); ++block) {
    double sum = 0.0;
    for (size_t i = block * kBlock; i < std::min(n, (block + 1) * kBlock); ++i) sum += static_cast<double>(x[i]) * x[i];
    partial[block] = sum;
  }
  double total = 0.0;
  for (double sum : partial) total += sum;
  return total;
}

}  // namespace univar
