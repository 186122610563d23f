// A machine runs bodies and owns their memory: CudaMachine (cuda_machine.cuh) on the device, HostMachine (below) in
// tests. Drivers (infonce/driver.h, topk/driver.h) are templates over the machine, so tests run the same drivers.
//
//   Open()                               must be called first; fails if there is no device
//   Allocate<T>(count, what, &pointer)   valid until the machine is destroyed; `what` names it in the error
//   AllocateOwned, ReleaseOwned          static, for memory that outlives the machine
//   Copy(from, count, to), Fill          in order with the launches, between host and device in any direction; complete
//                                        on the host after Wait
//   Scratch<T>(count, what, &pointer)    uninitialised, valid until the next Scratch; grows to the largest request
//   Launch(body, blocks)                 launches a one-dimensional grid
//   MultiplyByLibrary(product, &done)    see cublas_lt.h; if HasLibrary(), the library decides how to split k
//   Wait()                               waits for all earlier calls
#pragma once

#include "core/memory.h"
#include "core/status.h"
#include "cuda/machine/block.h"
#include "cuda/machine/cublas_lt.h"

#ifndef __CUDACC__
#include <memory>
#include <string>
#include <vector>

namespace univar::cuda {

class HostMachine {
 public:
  // Tests set a limit to check the behaviour when memory runs out.
  size_t limit = SIZE_MAX;
  size_t allocated = 0;

  Status Open() { return Status::Ok(); }
  template <typename T>
  Status Allocate(size_t count, const char* what, T** pointer) {
    const size_t bytes = count * sizeof(T);
    if (bytes > limit - allocated) {
      return Status::Error(Code::kOutOfMemory,
                           std::string("Not enough memory for ") + what + ": " + std::to_string(bytes) + " bytes");
    }
    allocated += bytes;
    // Not zeros, because device memory is not zeroed either.
    memory_.push_back(std::make_unique<std::vector<Aligned>>(CeilDivide(bytes, sizeof(Aligned)) + 1, Aligned{}));
    memset(memory_.back()->data(), 0x5A, bytes);
    *pointer = reinterpret_cast<T*>(memory_.back()->data());
    return Status::Ok();
  }
  static Status AllocateOwned(size_t count, size_t bytes, const char* what, void** at) {
    return HostMemory().allocate(count, bytes, what, at);
  }
  static void ReleaseOwned(void* at) { HostMemory().release(at); }
  template <typename T>
  Status Scratch(size_t count, const char* what, T** pointer) {
    // New memory each time, so that tests detect entries that an operation does not write or reads too late.
    scratch_ = std::make_unique<HostMachine>();
    scratch_->limit = limit - allocated;
    return scratch_->Allocate(count, what, pointer);
  }
  template <typename T>
  Status Copy(const T* from, size_t count, T* to) {
    if (count > 0) memcpy(to, from, count * sizeof(T));
    return Status::Ok();
  }
  template <typename T>
  Status Fill(T* at, int byte, size_t count) {
    memset(at, byte, count * sizeof(T));
    return Status::Ok();
  }
  template <class Body>
  Status Launch(const Body& body, size_t blocks) {
    if (Body::shared_bytes() > kMaxSharedBytes)
      return Status::Error(Code::kInternal, "A kernel body needs too much shared memory");
    for (size_t i = 0; i < blocks; ++i) {
      HostBlock block(i, Body::kThreads, Body::shared_bytes());
      body(block);
    }
    return Status::Ok();
  }
  static constexpr bool HasLibrary() { return false; }
  Status MultiplyByLibrary(const LtProduct&, bool* done) {
    *done = false;
    return Status::Ok();
  }
  Status Wait() { return Status::Ok(); }

 private:
  struct alignas(64) Aligned {
    unsigned char bytes[64];
  };
  std::vector<std::unique_ptr<std::vector<Aligned>>> memory_;
  std::unique_ptr<HostMachine> scratch_;
};

}  // namespace univar::cuda
#endif
