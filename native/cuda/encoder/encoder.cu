// The encoder's operations on the device, see operations.h.
#include "cuda/encoder/operations.h"
#include "cuda/kernels.h"
#include "cuda/machine/cuda_machine.cuh"

namespace univar::cuda {

void AddEncoder(Backend* table) { EncoderOperations<CudaMachine>::AddTo(table); }

}  // namespace univar::cuda
