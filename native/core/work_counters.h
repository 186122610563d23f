// Counts the work of the process, for tests and benchmarks: counts are exact, while clocks are noisy. Counting is
// always on, because one relaxed addition per allocation, product or tile costs nothing compared with the work itself.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace univar {

struct WorkCounters {
  std::atomic<uint64_t> allocations{0};  // in host memory
  std::atomic<uint64_t> allocated_bytes{0};
  std::atomic<uint64_t> products{0};       // Gemm::Run
  std::atomic<uint64_t> multiply_adds{0};  // in those products
  std::atomic<uint64_t> tiles{0};          // in operations that work tile by tile
};

inline WorkCounters& GetWorkCounters() {
  static WorkCounters counters;
  return counters;
}

inline void CountAllocation(size_t bytes) {
  GetWorkCounters().allocations.fetch_add(1, std::memory_order_relaxed);
  GetWorkCounters().allocated_bytes.fetch_add(bytes, std::memory_order_relaxed);
}

inline void CountProduct(int64_t m, int64_t n, int64_t k) {
  GetWorkCounters().products.fetch_add(1, std::memory_order_relaxed);
  GetWorkCounters().multiply_adds.fetch_add(static_cast<uint64_t>(m * n * k), std::memory_order_relaxed);
}

inline void CountTile() { GetWorkCounters().tiles.fetch_add(1, std::memory_order_relaxed); }

}  // namespace univar
