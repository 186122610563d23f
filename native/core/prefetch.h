// Asks for memory that is read soon.
#pragma once

#include <cstddef>

namespace univar {

inline void PrefetchBytes(const void* first, size_t bytes) {
  constexpr size_t kLine = 64;
  const auto* at = static_cast<const char*>(first);
  for (size_t i = 0; i < bytes; i += kLine) __builtin_prefetch(at + i);
}

}  // namespace univar
