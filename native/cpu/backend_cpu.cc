// The CPU backend's table.
#include "cpu/kernels.h"
#include "ops/backend.h"

namespace univar {

const Backend& GetBackend() {
  static const Backend backend = {
      .name = "cpu",
      .l2_normalize = l2_normalize_cpu,
      .pool = pool_cpu,
      .matmul = matmul_cpu,
      .info_nce = info_nce_cpu,
      .topk_storage = topk_storage_cpu,
      .topk_prepare = topk_prepare_cpu,
      .topk_search = topk_search_cpu,
  };
  return backend;
}

}  // namespace univar
