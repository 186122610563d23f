// Slows a kernel down on purpose, to prove that the performance check detects it (bench/support/proof.ts). It is active
// only in builds with -DUNIVAR_SLOWDOWN. UNIVAR_SLOWDOWN=ENTRY:PERCENT names an entry of the backend's table; after
// every call, the thread then waits in a loop for that percentage of the call's time.
#pragma once

#ifdef UNIVAR_SLOWDOWN

#include <chrono>
#include <cstdlib>
#include <string>

#include "core/status.h"

namespace univar {

// Returns the percentage for an entry of the table, or 0 if the environment does not name it.
inline double SlowdownPercent(const std::string& entry) {
  const char* variable = std::getenv("UNIVAR_SLOWDOWN");
  const std::string setting = variable == nullptr ? "" : variable;
  return setting.rfind(entry + ":", 0) == 0 ? std::atof(setting.c_str() + entry.size() + 1) : 0.0;
}

template <auto kKernel, typename... Args>
auto Slowed(const char* entry, Status (*)(Args...)) -> Status (*)(Args...) {
  using Clock = std::chrono::steady_clock;
  static double percent;
  percent = SlowdownPercent(entry);
  if (percent == 0.0) return kKernel;
  return [](Args... args) -> Status {
    const Clock::time_point begin = Clock::now();
    Status status = kKernel(args...);
    const Clock::time_point end = Clock::now();
    while (Clock::now() - end < (end - begin) * (percent / 100.0)) {
    }
    return status;
  };
}

}  // namespace univar

#define UNIVAR_KERNEL(entry, kernel) Slowed<kernel>(entry, kernel)
#else
#define UNIVAR_KERNEL(entry, kernel) kernel
#endif
