// Capabilities of this build and CPU, process-wide settings and work counters.
#include <faiss/Index.h>
#include <hwy/base.h>
#include <oneapi/dnnl/dnnl.hpp>
#include <utf8proc.h>

#include <string>

#include "binding/args.h"
#include "binding/exports.h"
#include "binding/promise_worker.h"
#include "core/simd_targets.h"
#include "core/threads.h"
#include "core/trim_memory.h"
#include "core/work_counters.h"
#include "encoder/spec.h"
#include "faiss/openblas.h"
#include "ngrams/features.h"
#include "ops/backend.h"

namespace univar {
namespace {

std::string Version(int major, int minor, int patch) {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

// capabilities(): NativeCapabilities
Napi::Value Capabilities(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const SimdTargets targets = DescribeSimdTargets();
  Napi::Array supported = Napi::Array::New(env, targets.supported.size());
  for (size_t i = 0; i < targets.supported.size(); ++i) supported[static_cast<uint32_t>(i)] = targets.supported[i];

  const dnnl_version_t* dnnl = dnnl_version();
  Napi::Object libraries = Napi::Object::New(env);
  libraries["onednn"] = Version(dnnl->major, dnnl->minor, dnnl->patch);
  libraries["faiss"] = Version(FAISS_VERSION_MAJOR, FAISS_VERSION_MINOR, FAISS_VERSION_PATCH);
  const OpenBlas blas = DescribeOpenBlas();
  libraries["openblas"] = blas.version + " (" + blas.threads + ")";
  libraries["openblasConfig"] = blas.config;
  libraries["utf8proc"] = std::string(utf8proc_version()) + " (Unicode " + utf8proc_unicode_version() + ")";
  libraries["highway"] = Version(HWY_MAJOR, HWY_MINOR, HWY_PATCH);

  Napi::Object result = Napi::Object::New(env);
  result["backend"] = GetBackend().name;
  result["simd"] = targets.active;
  result["simdSupported"] = supported;
  result["threads"] = ThreadCount();
  result["bf16"] = HasNativeBf16() ? "native" : "emulated";
  result["int8"] = HasNativeInt8() ? "native" : "emulated";
  result["amx"] = HasAmx();
  result["libraries"] = libraries;
  return result;
}

template <typename E>
Napi::Array NamesOf(Napi::Env env) {
  Napi::Array names = Napi::Array::New(env);
  for (const Named<E>& entry : Names<E>::kAll) names[names.Length()] = entry.name;
  return names;
}

// names(): NativeNames
Napi::Value ListNames(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Object result = Napi::Object::New(env);
  result["metrics"] = NamesOf<Metric>(env);
  result["storages"] = NamesOf<TopkStorage>(env);
  result["infoNceModes"] = NamesOf<InfoNceMode>(env);
  result["poolings"] = NamesOf<Pooling>(env);
  result["precisions"] = NamesOf<Precision>(env);
  result["positions"] = NamesOf<Positions>(env);
  result["activations"] = NamesOf<Activation>(env);
  result["ngramKinds"] = NamesOf<NgramKind>(env);
  return result;
}

// configure(threads: number, simd: string): void; an empty `simd` means no limit.
Napi::Value Configure(const Napi::CallbackInfo& info) {
  SetThreadCount(static_cast<int>(SizeArg(info, 0, "threads")));
  const std::string simd = StringArg(info, 1, "simd");
  if (!simd.empty()) {
    const Status status = LimitSimd(simd);
    if (!status.ok()) ThrowCoded(info.Env(), CodeName(status.code()), status.message());
  }
  return info.Env().Undefined();
}

// workCounters(): WorkCounters
Napi::Value ReadWorkCounters(const Napi::CallbackInfo& info) {
  const WorkCounters& counters = GetWorkCounters();
  Napi::Object result = Napi::Object::New(info.Env());
  const auto set = [&](const char* name, const std::atomic<uint64_t>& value) {
    result[name] = Napi::Number::New(info.Env(), static_cast<double>(value.load(std::memory_order_relaxed)));
  };
  set("allocations", counters.allocations);
  set("allocatedBytes", counters.allocated_bytes);
  set("products", counters.products);
  set("multiplyAdds", counters.multiply_adds);
  set("tiles", counters.tiles);
  return result;
}

// trimMemory(): Promise<void>
class TrimWorker final : public PromiseWorker {
 public:
  explicit TrimWorker(const Napi::CallbackInfo& info) : PromiseWorker(info, Lane::kPool) {}

 private:
  Status Execute() override {
    TrimMemory();
    return Status::Ok();
  }
  Napi::Value Result(Napi::Env env) override { return env.Undefined(); }
};

}  // namespace

void RegisterCapabilities(Napi::Env env, Napi::Object exports) {
  exports["capabilities"] = Napi::Function::New(env, Capabilities, "capabilities");
  exports["names"] = Napi::Function::New(env, ListNames, "names");
  exports["workCounters"] = Napi::Function::New(env, ReadWorkCounters, "workCounters");
  exports["configure"] = Napi::Function::New(env, Configure, "configure");
  ExportWorker<TrimWorker>(exports, "trimMemory");
}

}  // namespace univar
