// An array in host memory or in the memory of a backend. A failed allocation returns a Status; it never throws or
// aborts.
#pragma once

#include <cstddef>
#include <utility>

#include "core/memory.h"
#include "core/status.h"

namespace univar {

template <typename T>
class AlignedBuffer {
 public:
  explicit AlignedBuffer(const Memory& memory = HostMemory()) : memory_(&memory) {}
  AlignedBuffer(AlignedBuffer&& other) noexcept
      : memory_(other.memory_), data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~AlignedBuffer() { memory_->release(data_); }

  // Discards the old content and leaves the new content uninitialised. `what` names the buffer in the error message.
  Status Allocate(size_t size, const char* what) {
    memory_->release(std::exchange(data_, nullptr));
    size_ = 0;
    void* data = nullptr;
    if (Status s = memory_->allocate(size, sizeof(T), what, &data); !s.ok()) return s;
    data_ = static_cast<T*>(data);
    size_ = size;
    return Status::Ok();
  }

  // Allocates only if the buffer is too small. The content is either the old one or uninitialised.
  Status Reserve(size_t size, const char* what) { return size <= size_ ? Status::Ok() : Allocate(size, what); }

  Status Clear() { return memory_->clear(data_, size_ * sizeof(T)); }

  T* data() const { return data_; }
  size_t size() const { return size_; }
  T& operator[](size_t i) const { return data_[i]; }  // host memory only

 private:
  const Memory* memory_;
  T* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace univar
