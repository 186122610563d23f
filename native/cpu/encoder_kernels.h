// Entry points of the CPU kernels of the encoder. Their contracts are in the headers of ops/.
#pragma once

#include "ops/activation.h"
#include "ops/adamw.h"
#include "ops/attention.h"
#include "ops/embedding.h"
#include "ops/layer_norm.h"
#include "ops/l2_normalize.h"
#include "ops/linear.h"
#include "ops/pooling.h"
#include "ops/rope.h"

namespace univar {

Status attention_forward_cpu(const AttentionForwardArgs& args, const Control& control);
Status attention_backward_cpu(const AttentionBackwardArgs& args, const Control& control);
Status layer_norm_forward_cpu(const LayerNormForwardArgs& args);
Status layer_norm_backward_cpu(const LayerNormBackwardArgs& args);
Status pack_weight_cpu(const LinearWeight& weight, Precision precision, Scratch* scratch,
                       std::unique_ptr<PackedWeight>* packed);
Status linear_forward_cpu(const LinearWeight& weight, const LinearForwardArgs& args);
Status linear_backward_cpu(const LinearWeight& weight, const LinearBackwardArgs& args);
Status gelu_forward_cpu(ActivationInput x, ActivationOutput y, size_t n);
Status gelu_backward_cpu(ActivationInput x, ActivationInput dy, ActivationOutput dx, ActivationOutput y, size_t n);
Status swiglu_forward_cpu(ActivationInput pair, ActivationOutput y, size_t rows, size_t cols);
Status swiglu_backward_cpu(ActivationInput pair, ActivationInput dy, ActivationOutput dpair, ActivationOutput y,
                           size_t rows, size_t cols);
Status rope_cpu(const RopeArgs& args);
Status embedding_forward_cpu(const EmbeddingArgs& args, const float* word, const float* position, const float* type,
                             float* x);
Status embedding_backward_cpu(const EmbeddingArgs& args, const float* dx, int32_t padding_id, float* dword,
                              float* dposition, float* dtype);
Status pool_backward_cpu(ConstMatrix dy, const int32_t* offsets, Pooling pooling, Matrix dhidden);
Status l2_normalize_backward_cpu(ConstMatrix x, ConstMatrix dy, Matrix dx);
Status adamw_cpu(const AdamWArgs& args, const float* grad, float* m, float* v, float* w, size_t n);
Status squared_norm_cpu(const float* x, size_t n, double* sum);

}  // namespace univar
