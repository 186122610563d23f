// Scratch memory aligned for any vector register. Allocation failure is a Status, never an exception or an abort.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <limits>
#include <string>
#include <utility>

#include "core/status.h"
#include "core/work_counters.h"

namespace univar {

inline constexpr size_t kAlignment = 64;  // cache line and AVX-512 register

template <typename T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  AlignedBuffer(AlignedBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~AlignedBuffer() { std::free(data_); }

  // Discards the old content; the new content is uninitialised. `what` names the buffer in the error message.
  Status Allocate(size_t size, const char* what) {
    std::free(std::exchange(data_, nullptr));
    size_ = 0;
    if (size > (std::numeric_limits<size_t>::max() - kAlignment) / sizeof(T)) return OutOfMemory(size, what);
    const size_t bytes = (size * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
    data_ = static_cast<T*>(std::aligned_alloc(kAlignment, bytes == 0 ? kAlignment : bytes));
    if (data_ == nullptr) return OutOfMemory(size, what);
    size_ = size;
    CountAllocation(bytes);
    return Status::Ok();
  }

  // Allocates only what is not there yet; the content is then old or uninitialised.
  Status Reserve(size_t size, const char* what) { return size <= size_ ? Status::Ok() : Allocate(size, what); }

  T* data() const { return data_; }
  size_t size() const { return size_; }
  T& operator[](size_t i) const { return data_[i]; }

 private:
  static Status OutOfMemory(size_t size, const char* what) {
    return Status::Error(Code::kOutOfMemory, std::string("Not enough host memory for ") + what + ": " +
                                                 std::to_string(size) + " elements of " +
                                                 std::to_string(sizeof(T)) + " bytes");
  }
  T* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace univar
