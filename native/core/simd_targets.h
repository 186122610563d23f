// The instruction sets that the Highway kernels were compiled for, those that this CPU supports, and the one in use.
#pragma once

#include <string>
#include <vector>

#include "core/status.h"

namespace univar {

struct SimdTargets {
  std::string active;                  // the best allowed one, which kernels run, e.g. "AVX3_ZEN4"
  std::vector<std::string> supported;  // those that the CPU supports and the build contains, best first
};

SimdTargets DescribeSimdTargets();

// Limits both Highway and oneDNN to the instruction set `name` (one of `supported`), for tests and comparisons. oneDNN
// accepts a limit only before its first product, so the limit comes from the environment variable UNIVAR_SIMD, which is
// read once.
Status LimitSimd(const std::string& name);

// Whether this CPU has units for products of bf16 or int8 operands. Without them, the products are emulated in f32.
bool HasNativeBf16();
bool HasNativeInt8();

// Whether oneDNN's products use the matrix units of some Xeons (AMX), which make bf16 and int8 several times as fast. A
// virtual machine can hide these units.
bool HasAmx();

}  // namespace univar
