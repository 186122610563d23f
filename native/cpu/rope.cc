// Rotary positions, see ops/rope.h. Memory-bound and regular: the compiler's vectorisation is enough.
#include "cpu/encoder_kernels.h"

namespace univar {

Status rope_cpu(const RopeArgs& args) {
  const size_t half = args.head_dim / 2;
  const size_t stride = 3 * args.heads * args.head_dim;
#pragma omp parallel for schedule(static)
  for (size_t t = 0; t < args.tokens; ++t) {
    const float* cosines = args.cosines + static_cast<size_t>(args.positions[t]) * half;
    const float* sines = args.sines + static_cast<size_t>(args.positions[t]) * half;
    const float sign = args.inverse ? -1.0f : 1.0f;
    for (size_t head = 0; head < 2 * args.heads; ++head) {  // queries, then keys
      float* __restrict low = args.qkv + t * stride + head * args.head_dim;
      float* __restrict high = low + half;
      for (size_t m = 0; m < half; ++m) {
        const float sine = sign * sines[m];
        const float a = low[m], b = high[m];
        low[m] = a * cosines[m] - b * sine;
        high[m] = b * cosines[m] + a * sine;
      }
    }
  }
  return Status::Ok();
}

}  // namespace univar
