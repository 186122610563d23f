// Exact top-k on the device, see operations.h.
#include "cuda/kernels.h"
#include "cuda/machine/cuda_machine.cuh"
#include "cuda/topk/operations.h"

namespace univar::cuda {

void AddTopk(Backend* table) {
  table->topk_storage = TopkStorageFor;
  table->topk_prepare = TopkPrepare<CudaMachine>;
  table->topk_search = TopkSearch<CudaMachine>;
}

}  // namespace univar::cuda
