// The operations that every backend implements. The binding reaches kernels only through this table, so a second
// backend is a second table.
#pragma once

#include "core/memory.h"
#include "ops/activation.h"
#include "ops/adamw.h"
#include "ops/attention.h"
#include "ops/embedding.h"
#include "ops/infonce.h"
#include "ops/l2_normalize.h"
#include "ops/layer_norm.h"
#include "ops/linear.h"
#include "ops/matmul.h"
#include "ops/pooling.h"
#include "ops/rope.h"
#include "ops/topk.h"

namespace univar {

// Pointers in arguments point to `memory`, except those documented as host memory. Operations that one thread calls run
// in the order of the calls and can still be running when a call returns. `memory.wait` waits for them and returns
// their error, if any.
struct Backend {
  const char* name;
  const Memory* memory;
  L2NormalizeFn l2_normalize;
  PoolFn pool;
  MatmulFn matmul;
  InfoNceFn info_nce;
  TopkStorageFn topk_storage;
  TopkPrepareFn topk_prepare;
  TopkSearchFn topk_search;
  RoundBf16Fn round_bf16;

  // The trainable encoder.
  size_t micro_batch_tokens;  // large enough for full-speed products, small enough for the cache or the memory
  bool int8;                  // whether products support Precision::kInt8
  EmbeddingForwardFn embedding_forward;
  EmbeddingBackwardFn embedding_backward;
  LayerNormForwardFn layer_norm_forward;
  LayerNormBackwardFn layer_norm_backward;
  PackWeightFn pack_weight;
  LinearForwardFn linear_forward;
  LinearBackwardFn linear_backward;
  RopeFn rope;
  AttentionForwardFn attention_forward;
  AttentionBackwardFn attention_backward;
  GeluForwardFn gelu_forward;
  GeluBackwardFn gelu_backward;
  SwigluForwardFn swiglu_forward;
  SwigluBackwardFn swiglu_backward;
  PoolBackwardFn pool_backward;
  L2NormalizeBackwardFn l2_normalize_backward;
  AdamWFn adamw;
  SquaredNormFn squared_norm;
};

// Defined by the backend that is linked into the addon.
const Backend& GetBackend();

}  // namespace univar
