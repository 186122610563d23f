// The operations that every backend implements. The binding reaches kernels only through this table, so a second
// backend is a second table.
#pragma once

#include "ops/infonce.h"
#include "ops/l2_normalize.h"
#include "ops/matmul.h"
#include "ops/pooling.h"
#include "ops/topk.h"

namespace univar {

struct Backend {
  const char* name;
  L2NormalizeFn l2_normalize;
  PoolFn pool;
  MatmulFn matmul;
  InfoNceFn info_nce;
  TopkStorageFn topk_storage;
  TopkPrepareFn topk_prepare;
  TopkSearchFn topk_search;
};

// Defined by the backend that is linked into the addon.
const Backend& GetBackend();

}  // namespace univar
