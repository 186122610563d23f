// The CUDA backend's table. What it lacks stays null: the loader (src/native/loader.ts) takes those operations from the CPU addon.
#include "cuda/kernels.h"
#include "ops/backend.h"

namespace univar {

const Backend& GetBackend() {
  static const Backend backend = [] {
    Backend table{};
    table.name = "cuda";
    table.info_nce = info_nce_cuda;
    table.topk_storage = topk_storage_cuda;
    table.topk_prepare = topk_prepare_cuda;
    table.topk_search = topk_search_cuda;
    return table;
  }();
  return backend;
}

}  // namespace univar
