#include "core/memory.h"

#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>

#include "core/numbers.h"
#include "core/work_counters.h"

namespace univar {
namespace {

constexpr size_t kAlignment = 64;  // cache line and AVX-512 register

Status Allocate(size_t count, size_t bytes, const char* what, void** at) {
  const bool fits = count <= (std::numeric_limits<size_t>::max() - kAlignment) / bytes;
  const size_t size = fits ? RoundUp(count * bytes, kAlignment) : 0;
  *at = fits ? std::aligned_alloc(kAlignment, size == 0 ? kAlignment : size) : nullptr;
  if (*at == nullptr) {
    return Status::Error(Code::kOutOfMemory, std::string("Not enough host memory for ") + what + ": " +
                                                 std::to_string(count) + " elements of " + std::to_string(bytes) +
                                                 " bytes");
  }
  CountAllocation(size);
  return Status::Ok();
}

Status Copy(void* to, const void* from, size_t bytes) {
  if (bytes > 0) std::memcpy(to, from, bytes);
  return Status::Ok();
}

Status Clear(void* at, size_t bytes) {
  if (bytes > 0) std::memset(at, 0, bytes);
  return Status::Ok();
}

}  // namespace

const Memory& HostMemory() {
  static const Memory memory = {
      .allocate = Allocate, .release = std::free, .copy = Copy, .clear = Clear, .wait = Status::Ok};
  return memory;
}

}  // namespace univar
