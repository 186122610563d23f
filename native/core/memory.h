// The memory that a backend's operations read and write: the host's, or that of a device.
#pragma once

#include <cstddef>

#include "core/status.h"

namespace univar {

struct Memory {
  // `count` uninitialised elements of `bytes` bytes, aligned for any vector register; `what` names them in the error
  // message.
  Status (*allocate)(size_t count, size_t bytes, const char* what, void** at);
  void (*release)(void* at);  // null is allowed
  // Either side may also be of the host. In order with the operations of the calling thread: `from` may change when it
  // returns, and what is copied to the host is there after wait().
  Status (*copy)(void* to, const void* from, size_t bytes);
  Status (*clear)(void* at, size_t bytes);
  // Everything that the calling thread has asked for is done.
  Status (*wait)();
};

const Memory& HostMemory();

}  // namespace univar
