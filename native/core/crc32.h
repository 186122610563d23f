// CRC-32 (the one of zlib, gzip and PNG), for files that must notice a flipped bit.
#pragma once

#include <cstddef>
#include <cstdint>

namespace univar {

class Crc32 {
 public:
  void Update(const void* data, size_t size);
  uint32_t value() const { return ~state_; }

 private:
  uint32_t state_ = 0xFFFFFFFFu;
};

}  // namespace univar
