// CRC-32 as in zlib, gzip and PNG. It detects flipped bits in files.
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
