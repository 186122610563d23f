// Which instruction sets the Highway kernels were compiled for, which of them this CPU has, and which one is in use.
#pragma once

#include <string>
#include <vector>

#include "core/status.h"

namespace univar {

struct SimdTargets {
  std::string active;                  // what kernels run, e.g. "AVX3_ZEN4": the best that is allowed
  std::vector<std::string> supported;  // best first: those that the CPU has and the build contains
};

SimdTargets DescribeSimdTargets();

// Uses no instruction set above `name` (one of `supported`), for Highway and oneDNN alike. For tests and for people
// who compare; oneDNN accepts it only before its first product, hence the environment variable UNIVAR_SIMD, read once.
Status LimitSimd(const std::string& name);

// Whether products on bf16 or int8 operands run on units of this CPU; otherwise they are emulated in f32.
bool HasNativeBf16();
bool HasNativeInt8();

// Whether oneDNN's products use the matrix units of some Xeons (AMX), with which bf16 and int8 are several times as
// fast. Not every virtual machine of a CPU that has them shows them.
bool HasAmx();

}  // namespace univar
