// Replaces operator new in a test program: each array ends just before a page without access. A kernel that reads or
// writes past the end of an array then stops the program, also without sanitizers. Only one file of a program can
// include it.
#pragma once

#ifndef __SANITIZE_ADDRESS__  // which checks more, with its own operator new
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace check {

constexpr size_t kLeastGuarded = 256;  // bytes; smaller allocations are not arrays of a test

// Precedes every allocation. `mapping` is null if the memory is from malloc.
struct alignas(16) AllocationHeader {
  void* mapping;
  size_t bytes;
};

inline size_t RoundUpTo(size_t n, size_t multiple) { return (n + multiple - 1) / multiple * multiple; }

inline size_t PageBytes() {
  static const size_t bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

// Returns `bytes` of memory of which the last page has no access.
inline void* MapGuarded(size_t bytes) {
  void* mapping = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) throw std::bad_alloc();
  if (mprotect(static_cast<unsigned char*>(mapping) + bytes - PageBytes(), PageBytes(), PROT_NONE) != 0) std::abort();
  return mapping;
}

// Mappings that were freed, by their number of pages, each with the next one in its first bytes: every block of a grid
// allocates its shared memory, and system calls would take longer than the kernels.
struct FreeMapping {
  FreeMapping* next;
};
inline FreeMapping** FreeMappings(size_t bytes) {
  constexpr size_t kPages = 1 << 13;
  static FreeMapping* lists[kPages] = {};
  return bytes / PageBytes() < kPages ? &lists[bytes / PageBytes()] : nullptr;
}

inline void* Guarded(size_t size) {
  const size_t content = RoundUpTo(size, alignof(AllocationHeader));
  const size_t bytes = RoundUpTo(content + sizeof(AllocationHeader), PageBytes()) + PageBytes();
  FreeMapping** list = FreeMappings(bytes);
  void* mapping = list == nullptr ? nullptr : *list;
  if (mapping == nullptr) {
    mapping = MapGuarded(bytes);
  } else {
    *list = (*list)->next;
  }
  void* at = static_cast<unsigned char*>(mapping) + bytes - PageBytes() - content;
  static_cast<AllocationHeader*>(at)[-1] = {mapping, bytes};
  return at;
}

inline void Free(const AllocationHeader& header) {
  FreeMapping** list = FreeMappings(header.bytes);
  if (list == nullptr) {
    munmap(header.mapping, header.bytes);
    return;
  }
  auto* mapping = static_cast<FreeMapping*>(header.mapping);
  mapping->next = *list;
  *list = mapping;
}

inline void* Unguarded(size_t size) {
  auto* header = static_cast<AllocationHeader*>(std::malloc(size + sizeof(AllocationHeader)));
  if (header == nullptr) throw std::bad_alloc();
  *header = {nullptr, 0};
  return header + 1;
}

}  // namespace check

void* operator new(size_t size) { return size < check::kLeastGuarded ? check::Unguarded(size) : check::Guarded(size); }

void operator delete(void* at) noexcept {
  if (at == nullptr) return;
  auto* header = static_cast<check::AllocationHeader*>(at) - 1;
  if (header->mapping == nullptr) {
    std::free(header);
  } else {
    check::Free(check::AllocationHeader(*header));
  }
}

void operator delete(void* at, size_t) noexcept { operator delete(at); }
#endif
