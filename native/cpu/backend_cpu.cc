// The CPU backend's table.
#include "cpu/bf16.h"
#include "cpu/encoder_kernels.h"
#include "cpu/kernels.h"
#include "cpu/slowdown.h"
#include "ops/backend.h"

namespace univar {

const Backend& GetBackend() {
  static const Backend backend = {
      .name = "cpu",
      .memory = &HostMemory(),
      .l2_normalize = l2_normalize_cpu,
      .pool = pool_cpu,
      .matmul = matmul_cpu,
      .info_nce = UNIVAR_KERNEL("info_nce", info_nce_cpu),
      .topk_storage = topk_storage_cpu,
      .topk_prepare = topk_prepare_cpu,
      .topk_search = UNIVAR_KERNEL("topk_search", topk_search_cpu),
      .round_bf16 =
          [](const float* x, uint16_t* y, size_t n) {
            float_to_bf16_cpu(x, y, n);
            return Status::Ok();
          },
      .micro_batch_tokens = 1024,  // its workspace stays in the last-level cache
      .int8 = true,
      .embedding_forward = embedding_forward_cpu,
      .embedding_backward = embedding_backward_cpu,
      .layer_norm_forward = layer_norm_forward_cpu,
      .layer_norm_backward = layer_norm_backward_cpu,
      .pack_weight = pack_weight_cpu,
      .linear_forward = UNIVAR_KERNEL("linear_forward", linear_forward_cpu),
      .linear_backward = linear_backward_cpu,
      .rope = rope_cpu,
      .attention_forward = UNIVAR_KERNEL("attention_forward", attention_forward_cpu),
      .attention_backward = attention_backward_cpu,
      .gelu_forward = gelu_forward_cpu,
      .gelu_backward = gelu_backward_cpu,
      .swiglu_forward = swiglu_forward_cpu,
      .swiglu_backward = swiglu_backward_cpu,
      .pool_backward = pool_backward_cpu,
      .l2_normalize_backward = l2_normalize_backward_cpu,
      .adamw = adamw_cpu,
      .squared_norm = squared_norm_cpu,
  };
  return backend;
}

}  // namespace univar
