#include "core/huge_pages.h"

#include <cstdint>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace univar {

void PreferHugePages(const void* data, size_t bytes) {
#ifdef __linux__
  constexpr uintptr_t kHugePage = uintptr_t{1} << 21;
#ifdef MADV_COLLAPSE
  constexpr int kCollapse = MADV_COLLAPSE;
#else
  constexpr int kCollapse = 25;  // since Linux 6.1; older ones refuse it
#endif
  const auto begin = (reinterpret_cast<uintptr_t>(data) + kHugePage - 1) / kHugePage * kHugePage;
  const auto end = (reinterpret_cast<uintptr_t>(data) + bytes) / kHugePage * kHugePage;
  if (begin >= end) return;
  auto* const pages = reinterpret_cast<void*>(begin);
  // For the pages that are touched later, and for those that are in use.
  if (madvise(pages, end - begin, MADV_HUGEPAGE) == 0) madvise(pages, end - begin, kCollapse);
#endif
}

}  // namespace univar
