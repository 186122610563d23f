// info_nce on the device, see driver.h.
#include "cuda/infonce/driver.h"
#include "cuda/kernels.h"
#include "cuda/machine/cuda_machine.cuh"

namespace univar::cuda {

void AddInfoNce(Backend* table) { table->info_nce = InfoNce<CudaMachine>; }

}  // namespace univar::cuda
