// Random numbers that are the same on every machine.
#pragma once

#include <cstdint>

namespace univar {

// SplitMix64 (Steele, Lea and Flood 2014).
class SplitMix64 {
 public:
  explicit SplitMix64(uint64_t state) : state_(state) {}

  uint64_t Next() {
    uint64_t x = state_ += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
  }
  // Returns a number between -0.5 and 0.5.
  float Centred() { return (static_cast<float>(Next() >> 41) + 0.5f) * 0x1p-23f - 0.5f; }
  // Returns a number below `bound`, which is at most 2^32.
  uint64_t Below(uint64_t bound) { return ((Next() >> 32) * bound) >> 32; }

 private:
  uint64_t state_;
};

}  // namespace univar
