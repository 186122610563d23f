// Memory that operations borrow for one call. Each slot grows to the largest request and is then reused, so a loop of
// calls stops allocating after its first iteration.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/aligned_buffer.h"
#include "core/status.h"

namespace univar {

class Scratch {
 public:
  static constexpr size_t kSlots = 4;

  // Returns `count` uninitialised entries and invalidates the entries that the slot returned before.
  template <typename T>
  Status Get(size_t slot, size_t count, const char* what, T** entries) {
    if (Status s = slots_[slot].Reserve(count * sizeof(T), what); !s.ok()) return s;
    *entries = reinterpret_cast<T*>(slots_[slot].data());
    return Status::Ok();
  }

 private:
  std::array<AlignedBuffer<uint8_t>, kSlots> slots_;
};

}  // namespace univar
