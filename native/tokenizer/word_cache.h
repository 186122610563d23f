// A cache of recent words and their ids, keyed by the original spelling. Text repeats a few words very often, and a
// word found here needs no normalisation. The cache is direct-mapped, so its size is bounded, and each thread has one.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "tokenizer/id_buffer.h"

namespace univar {

class WordCache {
 public:
  static constexpr size_t kMaxUnits = 16;  // UTF-16 units of a word; longer words are not cached
  static constexpr size_t kMaxIds = 6;     // ids of a word; words with more tokens are not cached

  struct Key {
    Key() = default;
    // Always reads kMaxUnits units, so that many must be readable even if the word is shorter.
    Key(const char16_t* word, size_t length) : units(length) {
      std::memcpy(parts.data(), word, sizeof(parts));
      for (size_t i = 0; i < parts.size(); ++i) parts[i] &= kMasks[length][i];
    }
    size_t Slot() const {
      const uint64_t even = (parts[0] * 0x9E3779B97F4A7C15u) ^ (parts[2] * 0xC2B2AE3D27D4EB4Fu);
      const uint64_t odd = (parts[1] * 0xFF51AFD7ED558CCDu) ^ (parts[3] * 0xD6E8FEB86659FD93u);
      return ((even ^ (odd >> 29)) + odd) >> (64 - kBits);
    }

    std::array<uint64_t, 4> parts{};
    size_t units = 0;
  };

  WordCache() : entries_(size_t{1} << kBits) {}

  // Returns the slot of a word and prefetches it. Looking up several words at a time hides most of the latency.
  size_t Prefetch(const Key& key) const {
    const size_t slot = key.Slot();
    __builtin_prefetch(&entries_[slot]);
    return slot;
  }

  // Appends the ids of a word and returns true if the word is cached.
  bool Find(const Key& key, size_t slot, IdBuffer& ids) const {
    const Entry& entry = entries_[slot];
    if (entry.key[0] != key.parts[0] || entry.units != key.units || entry.key[1] != key.parts[1] ||
        entry.key[2] != key.parts[2] || entry.key[3] != key.parts[3]) {
      return false;
    }
    std::memcpy(ids.Reserve(kMaxIds), entry.ids.data(), sizeof(entry.ids));
    ids.Commit(entry.count);
    return true;
  }

  void Store(const Key& key, size_t slot, const int32_t* ids, size_t count) {
    if (count > kMaxIds) return;
    Entry& entry = entries_[slot];
    entry.key = key.parts;
    entry.units = static_cast<uint8_t>(key.units);
    entry.count = static_cast<uint8_t>(count);
    for (size_t i = 0; i < count; ++i) entry.ids[i] = ids[i];
  }

 private:
  struct alignas(64) Entry {
    std::array<uint64_t, 4> key{};
    std::array<int32_t, kMaxIds> ids{};
    uint8_t units = 0;  // 0 if the entry is free
    uint8_t count = 0;  // number of ids
  };
  static constexpr int kBits = 15;  // 2 MiB; frequent words stay in the second-level cache

  // Keeps the first `length` units of a key.
  static constexpr auto kMasks = [] {
    std::array<std::array<uint64_t, 4>, kMaxUnits + 1> masks{};
    for (size_t length = 0; length <= kMaxUnits; ++length) {
      std::array<char16_t, kMaxUnits> units{};
      for (size_t i = 0; i < length; ++i) units[i] = 0xFFFF;
      masks[length] = std::bit_cast<std::array<uint64_t, 4>>(units);
    }
    return masks;
  }();

  std::vector<Entry> entries_;
};

}  // namespace univar
