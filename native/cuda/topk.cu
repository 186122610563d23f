// Exact top-k on the device, see topk_operations.h.
#include "cuda/cuda_machine.cuh"
#include "cuda/kernels.h"
#include "cuda/topk_operations.h"

namespace univar::cuda {

void AddTopk(Backend* table) {
  table->topk_storage = TopkStorageFor;
  table->topk_prepare = TopkPrepare<CudaMachine>;
  table->topk_search = TopkSearch<CudaMachine>;
}

}  // namespace univar::cuda
