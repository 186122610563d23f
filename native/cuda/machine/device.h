// The device that the CUDA backend uses, or the reason why there is none. This header includes no CUDA header, so that
// the binding can include it.
#pragma once

#include <cstddef>
#include <string>

namespace univar::cuda {

struct DeviceInfo {
  bool available = false;
  std::string reason;  // why it is not available
  int error = 0;       // CUDA's error number, 0 if this addon found the reason
  std::string name;
  int major = 0, minor = 0;     // compute capability
  int driver = 0, runtime = 0;  // CUDA version as 1000 major + 10 minor; driver 0: not installed
  size_t memory_bytes = 0;
};

// Detects the device once per process.
const DeviceInfo& Device();

// Returns the currently free memory in bytes, or 0 without a device.
size_t FreeDeviceMemory();

// The compute capabilities that the kernels were compiled for, for messages.
inline constexpr const char* kArchitectures = "8.x, 9.0, 10.0 and later";

}  // namespace univar::cuda
