// The memory that a backend's operations read and write: host memory or the memory of a device.
#pragma once

#include <cstddef>

#include "core/status.h"

namespace univar {

struct Memory {
  // Allocates `count` uninitialised elements of `bytes` bytes, aligned for any vector register. `what` names them in
  // the error message.
  Status (*allocate)(size_t count, size_t bytes, const char* what, void** at);
  void (*release)(void* at);  // null is allowed
  // Each side can also be host memory. Copies run in order with the operations of the calling thread. The caller can
  // change `from` as soon as the call returns; a copy to the host is complete after wait().
  Status (*copy)(void* to, const void* from, size_t bytes);
  Status (*clear)(void* at, size_t bytes);
  // Waits for all operations of the calling thread.
  Status (*wait)();
};

const Memory& HostMemory();

}  // namespace univar
