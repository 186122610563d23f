// info_nce on the device, see infonce_driver.h.
#include "cuda/cuda_machine.cuh"
#include "cuda/infonce_driver.h"
#include "cuda/kernels.h"

namespace univar::cuda {

void AddInfoNce(Backend* table) { table->info_nce = InfoNce<CudaMachine>; }

}  // namespace univar::cuda
