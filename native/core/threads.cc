#include "core/threads.h"

#include <atomic>

namespace univar {
namespace {
std::atomic<int> thread_count{1};
}  // namespace

int ThreadCount() { return thread_count.load(std::memory_order_relaxed); }
void SetThreadCount(int count) { thread_count.store(count < 1 ? 1 : count, std::memory_order_relaxed); }

}  // namespace univar
