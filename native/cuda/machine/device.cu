#include "cuda/machine/device.h"

#include <cuda_runtime.h>

#include <string>

namespace univar::cuda {
namespace {

std::string VersionName(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string Explain(cudaError_t error, const DeviceInfo& device) {
  const std::string number = " (error " + std::to_string(error) + ", " + cudaGetErrorName(error) + ")";
  if (device.driver == 0) return "no NVIDIA driver is installed: libcuda.so.1 was not found" + number;
  if (error == cudaErrorInsufficientDriver) {
    return "the NVIDIA driver is too old: it supports CUDA " + VersionName(device.driver) + ", this build needs " +
           VersionName(device.runtime) + number;
  }
  if (error == cudaErrorNoDevice) {
    return "the driver sees no device: check that this container has one and that CUDA_VISIBLE_DEVICES includes it" +
           number;
  }
  return std::string(cudaGetErrorString(error)) + number;
}

// Whether the addon contains code for the device: machine code for 8.x and 9.0, PTX for 10.0 and later.
bool HasCode(int major, int minor) { return major == 8 || (major == 9 && minor == 0) || major >= 10; }

DeviceInfo Detect() {
  DeviceInfo device;
  if (cudaRuntimeGetVersion(&device.runtime) != cudaSuccess) device.runtime = 0;
  if (cudaDriverGetVersion(&device.driver) != cudaSuccess) device.driver = 0;
  int count = 0;
  cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaSuccess && count == 0) error = cudaErrorNoDevice;
  cudaDeviceProp properties{};
  if (error == cudaSuccess) error = cudaGetDeviceProperties(&properties, 0);
  if (error != cudaSuccess) {
    cudaGetLastError();
    device.error = error;
    device.reason = Explain(error, device);
    return device;
  }
  device.name = properties.name;
  device.major = properties.major;
  device.minor = properties.minor;
  device.memory_bytes = properties.totalGlobalMem;
  device.available = HasCode(device.major, device.minor);
  if (!device.available) {
    device.reason = device.name + " has compute capability " + std::to_string(device.major) + "." +
                    std::to_string(device.minor) + ", but this build supports " + kArchitectures;
  }
  return device;
}

}  // namespace

const DeviceInfo& Device() {
  static const DeviceInfo device = Detect();
  return device;
}

size_t FreeDeviceMemory() {
  size_t free = 0, total = 0;
  if (!Device().available || cudaSetDevice(0) != cudaSuccess || cudaMemGetInfo(&free, &total) != cudaSuccess) return 0;
  return free;
}

}  // namespace univar::cuda
