// Device memory, allocated directly or from a pool in the order of a stream. The pool keeps some freed memory, so that
// repeated operations, such as the loss in training and top-k in a service, do not wait for the driver to map memory.
#pragma once

#include <limits>

#include "cuda/machine/block.h"
#include "cuda/machine/cuda_check.cuh"

namespace univar::cuda {

inline constexpr uint64_t kKeptPoolBytes = uint64_t{512} << 20;

// Returns null if the driver does not support pools, as on some virtual GPUs.
inline cudaMemPool_t MemoryPool() {
  static const cudaMemPool_t pool = [] {
    int supported = 0;
    cudaMemPool_t made = nullptr;
    cudaMemPoolProps properties{};
    properties.allocType = cudaMemAllocationTypePinned;
    properties.location.type = cudaMemLocationTypeDevice;
    properties.location.id = 0;
    const bool known =
        cudaDeviceGetAttribute(&supported, cudaDevAttrMemoryPoolsSupported, 0) == cudaSuccess && supported != 0;
    if (!known || cudaMemPoolCreate(&made, &properties) != cudaSuccess) {
      cudaGetLastError();
      return cudaMemPool_t{nullptr};
    }
    uint64_t kept = kKeptPoolBytes;
    cudaMemPoolSetAttribute(made, cudaMemPoolAttrReleaseThreshold, &kept);
    return made;
  }();
  return pool;
}

// Calls `allocate(at, bytes)`, which returns a CUDA error. If memory is short, releases the memory that the pool keeps
// and tries again.
template <class Allocate>
Status TryToAllocate(size_t count, size_t bytes, const char* what, void** at, const Allocate& allocate) {
  const bool fits = count <= std::numeric_limits<size_t>::max() / bytes;
  const size_t size = fits ? Max(count * bytes, 1) : 0;
  cudaError_t error = fits ? allocate(at, size) : cudaErrorMemoryAllocation;
  if (fits && error == cudaErrorMemoryAllocation && MemoryPool() != nullptr) {
    cudaGetLastError();
    UNIVAR_CUDA(cudaMemPoolTrimTo(MemoryPool(), 0));
    error = allocate(at, size);
  }
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    size_t free = 0, total = 0;
    cudaMemGetInfo(&free, &total);
    return Status::Error(Code::kOutOfMemory, std::string("Not enough device memory for ") + what + ": " +
                                                 std::to_string(count) + " elements of " + std::to_string(bytes) +
                                                 " bytes; " + std::to_string(free) + " of " + std::to_string(total) +
                                                 " bytes are free");
  }
  UNIVAR_CUDA(error);
  return Status::Ok();
}

inline Status AllocateOnDevice(size_t count, size_t bytes, const char* what, void** at) {
  return TryToAllocate(count, bytes, what, at, [](void** to, size_t size) { return cudaMalloc(to, size); });
}

// Other streams can use the memory after `stream` has been synchronised.
inline Status AllocateFromPool(size_t count, size_t bytes, const char* what, cudaStream_t stream, void** at) {
  if (MemoryPool() == nullptr) return AllocateOnDevice(count, bytes, what, at);
  return TryToAllocate(count, bytes, what, at, [stream](void** to, size_t size) {
    return cudaMallocFromPoolAsync(to, size, MemoryPool(), stream);
  });
}

inline void ReleaseToPool(void* at, cudaStream_t stream) {
  if (MemoryPool() == nullptr)
    cudaFree(at);
  else
    cudaFreeAsync(at, stream);
}

}  // namespace univar::cuda
