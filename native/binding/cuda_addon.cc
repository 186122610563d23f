// Entry point of engine_cuda.node: the operations that run on the device, and information about the device.
#include "binding/args.h"
#include "binding/exports.h"
#include "binding/promise_worker.h"
#include "cuda/machine/cublas_lt.h"
#include "cuda/machine/device.h"

namespace univar {
namespace {

// cudaDevice(): CudaDevice
Napi::Value CudaDevice(const Napi::CallbackInfo& info) {
  const cuda::DeviceInfo& device = cuda::Device();
  const auto version = [](int number) {
    return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10);
  };
  Napi::Object result = Napi::Object::New(info.Env());
  result["available"] = device.available;
  result["runtime"] = version(device.runtime);
  result["architectures"] = cuda::kArchitectures;
  if (!device.available) result["reason"] = device.reason;
  if (device.error != 0) result["error"] = device.error;
  if (device.driver != 0) result["driver"] = version(device.driver);
  if (!device.name.empty()) {
    result["name"] = device.name;
    result["capability"] = std::to_string(device.major) + "." + std::to_string(device.minor);
    result["memoryBytes"] = static_cast<double>(device.memory_bytes);
    result["freeBytes"] = static_cast<double>(cuda::FreeDeviceMemory());
  }
  if (device.available) {
    // Only if there is a device, because opening the library takes time and memory.
    const cuda::CublasLtInfo& library = cuda::DescribeCublasLt();
    const size_t number = library.version;
    const auto part = [&](size_t unit) { return std::to_string(number / unit % 100); };
    result["cublasLt"] = library.available ? part(10000) + "." + part(100) + "." + part(1) : library.reason;
  }
  return result;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  InitPromiseWorkers(env);
  RegisterEncoder(env, exports);
  RegisterInfoNce(env, exports);
  RegisterTopk(env, exports);
  exports["cudaDevice"] = Napi::Function::New(env, CudaDevice, "cudaDevice");
  return exports;
}

}  // namespace

NODE_API_MODULE(engine_cuda, Init)

}  // namespace univar
