// The encoder's operations on the device, see encoder_operations.h.
#include "cuda/cuda_machine.cuh"
#include "cuda/encoder_operations.h"
#include "cuda/kernels.h"

namespace univar::cuda {

void AddEncoder(Backend* table) { EncoderOperations<CudaMachine>::AddTo(table); }

}  // namespace univar::cuda
