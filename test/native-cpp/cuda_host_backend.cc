// The CUDA backend's table on HostMachine, for an addon that runs the device code on any machine: the encoder, its
// training and the loss, called from JavaScript by the tests of the CPU backend
// (test/slow/cuda-host-addon.test.ts).
#include "cuda/encoder/operations.h"
#include "cuda/infonce/driver.h"
#include "cuda/machine/device.h"
#include "cuda/topk/operations.h"

namespace univar {

namespace cuda {

const DeviceInfo& Device() {
  static const DeviceInfo device{.available = true, .name = "the host, standing in for a device"};
  return device;
}
size_t FreeDeviceMemory() { return 0; }

}  // namespace cuda

const Backend& GetBackend() {
  static const Backend backend = [] {
    using cuda::HostMachine;
    Backend table{};
    table.name = "cuda";
    table.info_nce = cuda::InfoNce<HostMachine>;
    table.topk_storage = cuda::TopkStorageFor;
    table.topk_prepare = cuda::TopkPrepare<HostMachine>;
    table.topk_search = cuda::TopkSearch<HostMachine>;
    cuda::EncoderOperations<HostMachine>::AddTo(&table);
    return table;
  }();
  return backend;
}

}  // namespace univar
