// Operations at both ends of the encoder: embedding lookup and its gradient (ops/embedding.h), and the gradients of
// pooling and normalisation (ops/pooling.h, ops/l2_normalize.h).
#include <algorithm>
#include <cmath>

#include "cpu/encoder_kernels.h"

namespace univar {

Status embedding_forward_cpu(const EmbeddingArgs& args, const float* word, const float* position, const float* type,
                             float* x) {
#pragma omp parallel for schedule(static)
  for (size_t t = 0; t < args.tokens; ++t) {
    const float* w = word + static_cast<size_t>(args.ids[t]) * args.cols;
    const float* p = position == nullptr ? nullptr : position + static_cast<size_t>(args.positions[t]) * args.cols;
    float* y = x + t * args.cols;
    for (size_t j = 0; j < args.cols; ++j) y[j] = w[j] + (type == nullptr ? 0.0f : type[j]);
    if (p != nullptr) {
      for (size_t j = 0; j < args.cols; ++j) y[j] += p[j];
    }
  }
  return Status::Ok();
}

Status embedding_backward_cpu(const EmbeddingArgs& args, const float* dx, int32_t padding_id, float* dword,
                              float* dposition, float* dtype) {
  // Parallel over columns, so that threads do not conflict at tokens with equal ids and the order of sums is fixed.
  constexpr size_t kColumns = 64;
#pragma omp parallel for schedule(static)
  for (size_t begin = 0; begin < args.cols; begin += kColumns) {
    const size_t end = begin + kColumns < args.cols ? begin + kColumns : args.cols;
    for (size_t t = 0; t < args.tokens; ++t) {
      const float* g = dx + t * args.cols;
      float* dw = dword + static_cast<size_t>(args.ids[t]) * args.cols;
      if (args.ids[t] != padding_id) {
        for (size_t j = begin; j < end; ++j) dw[j] += g[j];
      }
      if (dposition != nullptr) {
        float* dp = dposition + static_cast<size_t>(args.positions[t]) * args.cols;
        for (size_t j = begin; j < end; ++j) dp[j] += g[j];
      }
      if (dtype != nullptr) {
        for (size_t j = begin; j < end; ++j) dtype[j] += g[j];
      }
    }
  }
  return Status::Ok();
}

Status pool_backward_cpu(ConstMatrix dy, const int32_t* offsets, Pooling pooling, Matrix dhidden) {
  const size_t cols = dy.cols;
#pragma omp parallel for schedule(static)
  for (size_t s = 0; s < dy.rows; ++s) {
    const size_t begin = static_cast<size_t>(offsets[s]), end = static_cast<size_t>(offsets[s + 1]);
    float first = 0.0f, others = 0.0f;
    switch (pooling) {
      case Pooling::kMean: first = others = 1.0f / static_cast<float>(end - begin); break;
      case Pooling::kCls: first = 1.0f; break;
    }
    for (size_t t = begin; t < end; ++t) {
      const float factor = t == begin ? first : others;
      for (size_t j = 0; j < cols; ++j) dhidden.row(t)[j] = factor * dy.row(s)[j];
    }
  }
  return Status::Ok();
}

Status l2_normalize_backward_cpu(ConstMatrix x, ConstMatrix dy, Matrix dx) {
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < x.rows; ++i) {
    double square = 0.0, dot = 0.0;
    for (size_t j = 0; j < x.cols; ++j) {
      square += static_cast<double>(x.row(i)[j]) * x.row(i)[j];
      dot += static_cast<double>(dy.row(i)[j]) * x.row(i)[j];
    }
    const double norm = std::max(std::sqrt(square), kMinNorm);
    const double scale = 1.0 / norm, pull = dot / norm / norm;
    for (size_t j = 0; j < x.cols; ++j) {
      dx.row(i)[j] = static_cast<float>((dy.row(i)[j] - pull * x.row(i)[j]) * scale);
    }
  }
  return Status::Ok();
}

}  // namespace univar
