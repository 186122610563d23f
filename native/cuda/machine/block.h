// Kernels that are written once for device and host. A kernel is a body: a struct that is called with a block and
// consists of phases, block.Each([&](int thread) { ... }), with a barrier after each. On the device, every thread runs
// a phase once. On the host, a loop runs it for all threads, so tests execute the device's index arithmetic without a
// device.
//
// Rules for bodies: Code outside phases must be the same for every thread. State that a thread keeps between phases is
// in Local. Shared memory that affects the control flow is read through Read, which includes a barrier.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/numbers.h"

#ifdef __CUDACC__
// Marks functions that take a block. With nvcc, there are only device blocks.
#define UNIVAR_BODY __device__ __forceinline__
#else
#include <cstdlib>
#include <vector>
#define UNIVAR_BODY inline
#endif

namespace univar::cuda {

inline constexpr size_t kSharedAlignment = 32;                 // required by wmma
inline constexpr size_t kPlainSharedBytes = size_t{48} << 10;  // more needs an opt-in per kernel
// Every device of compute capability 8.0 or later has at least this much.
inline constexpr size_t kMaxSharedBytes = size_t{64} << 10;

UNIVAR_HD constexpr size_t Min(size_t a, size_t b) { return a < b ? a : b; }
UNIVAR_HD constexpr size_t Max(size_t a, size_t b) { return a > b ? a : b; }

// Returns the bytes of an array in shared memory.
template <typename T>
UNIVAR_HD constexpr size_t SharedBytes(size_t count) {
  return RoundUp(count * sizeof(T), kSharedAlignment);
}

#ifdef __CUDACC__

class DeviceBlock {
 public:
  __device__ DeviceBlock(unsigned char* shared) : shared_(shared) {}
  __device__ size_t index() const { return blockIdx.x; }
  __device__ int threads() const { return static_cast<int>(blockDim.x); }

  template <typename F>
  __device__ __forceinline__ void Each(const F& phase) {
    phase(static_cast<int>(threadIdx.x));
    __syncthreads();
  }
  template <typename T>
  __device__ __forceinline__ T* Shared(size_t count) {
    T* array = reinterpret_cast<T*>(shared_);
    shared_ += SharedBytes<T>(count);
    return array;
  }
  template <typename T>
  __device__ __forceinline__ T Read(const T* shared) {
    const T value = *shared;
    __syncthreads();
    return value;
  }
  // Returns the value before the change.
  __device__ __forceinline__ int AtomicAdd(int* at, int value) { return atomicAdd(at, value); }
  __device__ __forceinline__ void AtomicMin(int* at, int value) { atomicMin(at, value); }
  __device__ __forceinline__ void AtomicMax(int* at, int value) { atomicMax(at, value); }

  template <typename T>
  struct Local {
    __device__ __forceinline__ explicit Local(const DeviceBlock&) {}
    __device__ __forceinline__ T& operator[](int) { return value; }
    T value;
  };

 private:
  unsigned char* shared_;
};

#else

class HostBlock {
 public:
  HostBlock(size_t index, int threads, size_t shared_bytes)
      : index_(index), threads_(threads), size_(shared_bytes), memory_(shared_bytes + kSharedAlignment, 0xA5) {
    const auto address = reinterpret_cast<uintptr_t>(memory_.data());
    shared_ = memory_.data() + (RoundUp(address, kSharedAlignment) - address);
  }
  size_t index() const { return index_; }
  int threads() const { return threads_; }

  // Runs every other phase from the last thread to the first, and the remaining phases in the next block. The device
  // can run threads in any order; if a phase depends on the order, the results of two blocks differ.
  template <typename F>
  void Each(const F& phase) {
    const bool backwards = (index_ + phases_++) % 2 == 1;
    for (int n = 0; n < threads_; ++n) phase(backwards ? threads_ - 1 - n : n);
  }
  template <typename T>
  T* Shared(size_t count) {
    T* array = reinterpret_cast<T*>(shared_ + used_);
    used_ += SharedBytes<T>(count);
    if (used_ > size_) std::abort();  // the body uses more shared memory than it requested
    return array;
  }
  template <typename T>
  T Read(const T* shared) {
    return *shared;
  }
  int AtomicAdd(int* at, int value) {
    const int old = *at;
    *at += value;
    return old;
  }
  void AtomicMin(int* at, int value) { *at = value < *at ? value : *at; }
  void AtomicMax(int* at, int value) { *at = value > *at ? value : *at; }

  template <typename T>
  class Local {
   public:
    explicit Local(const HostBlock& block) : values_(static_cast<size_t>(block.threads())) {}
    T& operator[](int thread) { return values_[static_cast<size_t>(thread)]; }

   private:
    std::vector<T> values_;
  };

 private:
  size_t index_;
  int threads_;
  size_t size_, used_ = 0, phases_ = 0;
  std::vector<unsigned char> memory_;
  unsigned char* shared_;
};

#endif

// Reduces one value per thread by halves: calls combine(to, from) for the first n entries and leaves the result in
// values[0].
template <class B, typename T, typename F>
UNIVAR_BODY void JoinByHalves(B& block, T* values, int n, const F& combine) {
  for (int half = n / 2; half > 0; half /= 2) {
    block.Each([&](int t) {
      if (t < half) combine(&values[t], values[t + half]);
    });
  }
}

}  // namespace univar::cuda
