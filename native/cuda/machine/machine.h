// Where bodies run and their memory lives: CudaMachine (cuda_machine.cuh) on the device, HostMachine here, for tests.
// Drivers (infonce/driver.h, topk/driver.h) are templates over the machine, so that the tests run them as they are.
//
//   Open()                               first of all; says when there is no device
//   Allocate<T>(count, what, &pointer)   until the machine goes; `what` names it in the error
//   AllocateOwned, ReleaseOwned          static, for memory that outlives the machine
//   Copy(from, count, to), Fill          in order with the launches, between any sides; complete on the host after Wait
//   Scratch<T>(count, what, &pointer)    uninitialised, until the next call of Scratch; grows to the largest demand
//   Launch(body, blocks)                 one dimension
//   MultiplyByLibrary(product, &done)    see cublas_lt.h; also whether a split of k is up to it: HasLibrary()
//   Wait()                               everything before is done
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
  // Tests set it to see what happens when memory runs out.
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
    // Not zero, as on the device.
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
    // Afresh each time, so that tests see what an operation leaves unwritten or reads too late.
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
      return Status::Error(Code::kInternal, "A body takes too much shared memory");
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
