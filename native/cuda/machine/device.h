// The device that the CUDA backend uses, or why there is none. No CUDA header, so that the binding may include it.
#pragma once

#include <cstddef>
#include <string>

namespace univar::cuda {

struct DeviceInfo {
  bool available = false;
  std::string reason;  // why not
  int error = 0;       // CUDA's number for it, 0 if the reason is ours
  std::string name;
  int major = 0, minor = 0;     // compute capability
  int driver = 0, runtime = 0;  // 1000 major + 10 minor; driver 0: none is installed
  size_t memory_bytes = 0;
};

// Found out once per process.
const DeviceInfo& Device();

// At the moment, in bytes; 0 without a device.
size_t FreeDeviceMemory();

// What the kernels were compiled for, for people.
inline constexpr const char* kArchitectures = "8.x, 9.0, 10.0 and later";

}  // namespace univar::cuda
