// A minimal test runner. It prints a line per check, "ok NAME" or "FAIL NAME: why"; the exit code is 0 if all checks
// passed.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "guarded_memory.h"

namespace check {

inline int failures = 0;

inline void That(bool holds, const std::string& name, const std::string& why = "does not hold") {
  if (holds) {
    std::printf("ok %s\n", name.c_str());
  } else {
    std::printf("FAIL %s: %s\n", name.c_str(), why.c_str());
    ++failures;
  }
}

inline void AtMost(double value, double limit, const std::string& name) {
  That(value <= limit, name, std::to_string(value * 1e9) + "e-9 is above " + std::to_string(limit * 1e9) + "e-9");
}

// Returns the exit code. The last line proves that the program did not stop early.
inline int Finish() {
  std::printf("%s all done\n", failures == 0 ? "ok" : "FAIL");
  return failures == 0 ? 0 : 1;
}

// Uniform random numbers in [-1, 1), the same on every platform.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 2654435761u + 88172645463325252u) {}
  uint64_t Bits() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ * 0x2545F4914F6CDD1Du;
  }
  double Uniform() { return static_cast<double>(Bits() >> 11) / 4503599627370496.0 - 1.0; }
  size_t Below(size_t n) { return static_cast<size_t>(Bits() >> 11) % n; }

 private:
  uint64_t state_;
};

}  // namespace check
