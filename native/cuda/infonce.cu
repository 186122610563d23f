// info_nce on the device, see infonce_driver.h.
#include "cuda/cuda_machine.cuh"
#include "cuda/infonce_driver.h"
#include "cuda/kernels.h"

namespace univar {

Status info_nce_cuda(const InfoNceArgs& args, double* loss, const Control& control) {
  cuda::CudaMachine machine;
  UNIVAR_TRY(machine.Open());
  return cuda::InfoNceDriver<cuda::CudaMachine>(&machine, args, control).Run(loss);
}

}  // namespace univar
