// A growing array of token ids. Unlike std::vector, it allows writes past its end within reserved space, so a cached
// word is copied by one fixed-size store.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace univar {

class IdBuffer {
 public:
  size_t size() const { return size_; }
  const int32_t* data() const { return ids_.data(); }

  // Reserves space for `count` more ids. The pointer is valid until the next call.
  int32_t* Reserve(size_t count) {
    if (size_ + count > ids_.size()) ids_.resize(std::max(2 * ids_.size(), size_ + count + 1024));
    return ids_.data() + size_;
  }
  // Keeps `count` ids that were written to the reserved space.
  void Commit(size_t count) { size_ += count; }
  void Append(int32_t id) {
    *Reserve(1) = id;
    ++size_;
  }
  void Truncate(size_t size) { size_ = std::min(size_, size); }

 private:
  std::vector<int32_t> ids_;
  size_t size_ = 0;
};

}  // namespace univar
