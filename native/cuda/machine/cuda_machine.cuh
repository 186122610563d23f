// The device as a machine (machine.h): a stream and the memory that belongs to it. One call of an operation uses one
// machine, so calls on different threads are independent.
#pragma once

#include <vector>

#include "core/try.h"
#include "cuda/machine/cuda_check.cuh"
#include "cuda/machine/device.h"
#include "cuda/machine/device_memory.cuh"
#include "cuda/machine/machine.h"

namespace univar::cuda {

// Minimum number of blocks per multiprocessor, which limits the registers of a body.
template <class Body>
constexpr int BlocksAtOnce() {
  if constexpr (requires { Body::kBlocksAtOnce; }) return Body::kBlocksAtOnce;
  return 1;
}

template <class Body>
__global__ void __launch_bounds__(Body::kThreads, BlocksAtOnce<Body>()) RunBody(const Body body) {
  extern __shared__ __align__(64) unsigned char shared[];
  DeviceBlock block(shared);
  body(block);
}

class CudaMachine {
 public:
  CudaMachine() = default;
  CudaMachine(const CudaMachine&) = delete;
  CudaMachine& operator=(const CudaMachine&) = delete;
  ~CudaMachine() {
    if (stream_ != nullptr) cudaStreamSynchronize(stream_);  // an error of a call already has its Status
    for (void* memory : memory_) ReleaseToPool(memory, stream_);
    ReleaseOwned(scratch_);
    if (stream_ != nullptr) cudaStreamDestroy(stream_);
  }

  // Must be called first. Returns ERR_DEVICE_UNAVAILABLE if there is no device. The destructor can run on another
  // thread.
  Status Open() {
    const DeviceInfo& device = Device();
    if (!device.available) return Status::Error(Code::kDeviceUnavailable, "No CUDA device: " + device.reason);
    UNIVAR_CUDA(cudaSetDevice(0));
    UNIVAR_CUDA(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
    return Status::Ok();
  }

  template <typename T>
  Status Allocate(size_t count, const char* what, T** pointer) {
    void* memory = nullptr;
    UNIVAR_TRY(AllocateFromPool(count, sizeof(T), what, stream_, &memory));
    memory_.push_back(memory);
    *pointer = static_cast<T*>(memory);
    return Status::Ok();
  }
  template <typename T>
  Status Scratch(size_t count, const char* what, T** pointer) {
    const size_t bytes = count * sizeof(T);
    if (bytes > scratch_bytes_) {
      ReleaseOwned(scratch_);  // waits for the launches that use it
      scratch_ = nullptr;
      scratch_bytes_ = 0;
      UNIVAR_TRY(AllocateOwned(bytes, 1, what, &scratch_));
      scratch_bytes_ = bytes;
    }
    *pointer = static_cast<T*>(scratch_);
    return Status::Ok();
  }
  static Status AllocateOwned(size_t count, size_t bytes, const char* what, void** at) {
    return AllocateOnDevice(count, bytes, what, at);
  }
  static void ReleaseOwned(void* at) { cudaFree(at); }
  template <typename T>
  Status Copy(const T* from, size_t count, T* to) {
    UNIVAR_CUDA(cudaMemcpyAsync(to, from, count * sizeof(T), cudaMemcpyDefault, stream_));
    return Status::Ok();
  }
  template <typename T>
  Status Fill(T* at, int byte, size_t count) {
    UNIVAR_CUDA(cudaMemsetAsync(at, byte, count * sizeof(T), stream_));
    return Status::Ok();
  }
  template <class Body>
  Status Launch(const Body& body, size_t blocks) {
    if (Body::shared_bytes() > kMaxSharedBytes || blocks > INT32_MAX) {
      return Status::Error(Code::kInternal, "Cannot launch a kernel with " + std::to_string(blocks) + " blocks and " +
                                                std::to_string(Body::shared_bytes()) + " bytes of shared memory");
    }
    if (blocks == 0) return Status::Ok();
    if (Body::shared_bytes() > kPlainSharedBytes) {
      const int bytes = static_cast<int>(Body::shared_bytes());
      UNIVAR_CUDA(cudaFuncSetAttribute(RunBody<Body>, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes));
    }
    RunBody<<<static_cast<unsigned>(blocks), Body::kThreads, Body::shared_bytes(), stream_>>>(body);
    UNIVAR_CUDA(cudaGetLastError());
    return Status::Ok();
  }
  static bool HasLibrary() { return DescribeCublasLt().available; }
  Status MultiplyByLibrary(const LtProduct& product, bool* done) {
    *done = false;
    if (!HasLibrary() || product.m == 0) return Status::Ok();
    if (workspace_.memory == nullptr) {
      UNIVAR_TRY(Allocate(kLtWorkspaceBytes, "the workspace of cuBLASLt",
                          reinterpret_cast<unsigned char**>(&workspace_.memory)));
      workspace_.bytes = kLtWorkspaceBytes;
    }
    return MultiplyByCublasLt(product, workspace_, stream_, done);
  }
  Status Wait() {
    UNIVAR_CUDA(cudaStreamSynchronize(stream_));
    return Status::Ok();
  }

 private:
  cudaStream_t stream_ = nullptr;
  std::vector<void*> memory_;
  void* scratch_ = nullptr;
  size_t scratch_bytes_ = 0;
  LtWorkspace workspace_;
};

}  // namespace univar::cuda
