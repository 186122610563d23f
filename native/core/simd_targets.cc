#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/simd_targets.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
int64_t TargetOfKernels() { return HWY_TARGET; }
}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <oneapi/dnnl/dnnl.hpp>

#include <atomic>
#include <mutex>

#include "core/simd_targets.h"

namespace univar {
namespace {

HWY_EXPORT(TargetOfKernels);

// Attainable targets without those excluded from the build (HWY_DISABLED_TARGETS in binding.gyp). The mask is cached
// because every product reads it, while Highway executes CPUID at each call, which takes tens of microseconds in a
// virtual machine.
std::atomic<int64_t> usable_mask{0};

int64_t UsableMask() {
  int64_t mask = usable_mask.load(std::memory_order_relaxed);
  if (mask == 0) {
    mask = hwy::SupportedTargets() & HWY_TARGETS;
    usable_mask.store(mask, std::memory_order_relaxed);
  }
  return mask;
}

std::vector<int64_t> Usable() {
  std::vector<int64_t> targets;
  for (int64_t rest = UsableMask(); rest != 0; rest &= rest - 1) {
    targets.push_back(rest & -rest);  // lower bits are better targets
  }
  return targets;
}

#if HWY_ARCH_X86
// The oneDNN instruction set that matches a Highway target.
dnnl::cpu_isa MatchingIsa(int64_t target) {
  switch (target) {
    case HWY_AVX3_SPR: return dnnl::cpu_isa::avx512_core_amx;
    case HWY_AVX3_ZEN4: return dnnl::cpu_isa::avx512_core_bf16;
    case HWY_AVX3_DL: return dnnl::cpu_isa::avx512_core_vnni;
    case HWY_AVX3: return dnnl::cpu_isa::avx512_core;
    case HWY_AVX2: return dnnl::cpu_isa::avx2;
    default: return dnnl::cpu_isa::sse41;
  }
}
#endif

}  // namespace

SimdTargets DescribeSimdTargets() {
  SimdTargets result;
  for (int64_t target : Usable()) result.supported.push_back(hwy::TargetName(target));
  result.active = hwy::TargetName(HWY_DYNAMIC_DISPATCH(TargetOfKernels)());
  return result;
}

Status LimitSimd(const std::string& name) {
  // Every thread of JavaScript that loads the addon calls this.
  static std::mutex mutex;
  static std::string limit;
  const std::lock_guard<std::mutex> lock(mutex);
  if (name == limit) return Status::Ok();
  const std::vector<int64_t> usable = Usable();
  std::string known;
  for (int64_t target : usable) {
    if (name == hwy::TargetName(target)) {
#if HWY_ARCH_X86
      // First, because it fails once kernels can have run.
      if (dnnl::set_max_cpu_isa(MatchingIsa(target)) != dnnl::status::success) {
        return Status::Error(
            Code::kArgRange,
            "Expected the value of the first thread that loads the addon for \"UNIVAR_SIMD\", got " + name);
      }
#endif
      hwy::DisableTargets(target - 1);  // better targets have lower bits
      // Once SupportedTargets was called, kernels run the best target, even a disabled one, until Update is called with
      // its result. If a kernel call comes first, Highway calls Update, but other threads can run in between. If our
      // call comes first, Highway does not.
      usable_mask.store(0, std::memory_order_relaxed);
      hwy::GetChosenTarget().Update(UsableMask());
      limit = name;
      return Status::Ok();
    }
    known += (known.empty() ? "" : ", ") + std::string(hwy::TargetName(target));
  }
  return Status::Error(Code::kArgRange, "Expected one of " + known + " for \"UNIVAR_SIMD\", got " + name);
}

bool HasNativeBf16() {
#if HWY_ARCH_X86
  return (UsableMask() & (HWY_AVX3_ZEN4 | HWY_AVX3_SPR)) != 0;
#else
  return false;
#endif
}

bool HasAmx() {
#if HWY_ARCH_X86
  const dnnl::cpu_isa isa = dnnl::get_effective_cpu_isa();
  return isa == dnnl::cpu_isa::avx512_core_amx || isa == dnnl::cpu_isa::avx512_core_amx_fp16;
#else
  return false;
#endif
}

bool HasNativeInt8() {
#if HWY_ARCH_X86
  return (UsableMask() & (HWY_AVX3_DL | HWY_AVX3_ZEN4 | HWY_AVX3_SPR)) != 0;
#else
  return false;
#endif
}

}  // namespace univar
#endif  // HWY_ONCE
