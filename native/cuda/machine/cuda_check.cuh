// The macro for all CUDA calls: it turns a failure into a Status with the call, file and line.
#pragma once

#include <cuda_runtime.h>

#include <string>

#include "core/status.h"

namespace univar::cuda {

inline Status FromCuda(cudaError_t error, const char* call, const char* file, int line) {
  if (error == cudaSuccess) return Status::Ok();
  cudaGetLastError();  // clears the error, so that the next call does not report it again
  return Status::Error(error == cudaErrorMemoryAllocation ? Code::kOutOfMemory : Code::kCuda,
                       std::string("CUDA: ") + cudaGetErrorString(error) + " (" + cudaGetErrorName(error) + ") in " +
                           call + ", " + file + ":" + std::to_string(line));
}

}  // namespace univar::cuda

#define UNIVAR_CUDA(call)                                                                            \
  if (::univar::Status status_of_call = ::univar::cuda::FromCuda((call), #call, __FILE__, __LINE__); \
      !status_of_call.ok())                                                                          \
  return status_of_call
