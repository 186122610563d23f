// The control block that a caller shares with a running operation. JavaScript sets `cancel`, and the operation reports
// `progress`. The block is an ordinary Int32Array that both sides poll, so neither cancellation nor progress needs a
// callback across threads. Kernels check it between tiles and chunks, never in inner loops.
#pragma once

#include <atomic>
#include <cstdint>

namespace univar {

class Control {
 public:
  static constexpr int kCancel = 0;
  static constexpr int kProgress = 1;
  static constexpr int kLength = 2;

  Control() = default;
  // `block` has kLength entries, or is null if the operation cannot be cancelled. `stopping` is set when the
  // environment that started the operation is torn down.
  Control(int32_t* block, const std::atomic<bool>* stopping) : block_(block), stopping_(stopping) {}

  bool cancelled() const {
    if (stopping_ != nullptr && stopping_->load(std::memory_order_relaxed)) return true;
    return block_ != nullptr && std::atomic_ref<int32_t>(block_[kCancel]).load(std::memory_order_relaxed) != 0;
  }
  void report(int64_t done) const {
    if (block_ == nullptr) return;
    const int32_t clamped = done > INT32_MAX ? INT32_MAX : static_cast<int32_t>(done);
    std::atomic_ref<int32_t>(block_[kProgress]).store(clamped, std::memory_order_relaxed);
  }

 private:
  int32_t* block_ = nullptr;
  const std::atomic<bool>* stopping_ = nullptr;
};

}  // namespace univar
