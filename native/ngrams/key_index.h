// Finds the position of a feature id in an ascending list of ids.
//
// Ids are hashes, so they are spread evenly: a directory by their high bits leads to the few keys of equal high bits,
// which a binary search compares. The directory takes 4 to 8 bytes per key and is the same for any order of insertion.
// Unevenly spread keys cost time, at most that of a binary search over all keys.
#pragma once

#include <hwy/cache_control.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace univar {

class KeyIndex {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  KeyIndex() = default;
  // keys: [count], ascending and distinct, fewer than kNone. They must outlive the index.
  KeyIndex(const uint32_t* keys, size_t count)
      : keys_(keys),
        shift_(32 - std::clamp<int>(std::bit_width(count), 1, 28)),
        starts_((size_t{1} << (32 - shift_)) + 1) {
    for (size_t i = 0; i < count; ++i) ++starts_[(keys[i] >> shift_) + 1];
    for (size_t b = 1; b < starts_.size(); ++b) starts_[b] += starts_[b - 1];
  }

  // Calls found(i, position) in ascending order for every i < count whose id is a key, and skips the others. id_of(i)
  // returns an id.
  template <typename IdOf, typename Found>
  void Find(size_t count, const IdOf& id_of, const Found& found) const {
    if (starts_.empty()) return;
    constexpr size_t kDistance = 8;  // ids between a prefetch and the use of its memory
    for (size_t i = 0; i < count + 2 * kDistance; ++i) {
      if (i < count) hwy::Prefetch(&starts_[id_of(i) >> shift_]);
      if (i >= kDistance && i - kDistance < count) hwy::Prefetch(keys_ + starts_[id_of(i - kDistance) >> shift_]);
      if (i < 2 * kDistance) continue;
      const uint32_t position = PositionOf(id_of(i - 2 * kDistance));
      if (position != kNone) found(i - 2 * kDistance, position);
    }
  }

  size_t MemoryBytes() const { return starts_.size() * sizeof(uint32_t); }

 private:
  uint32_t PositionOf(uint32_t id) const {
    const uint32_t *begin = keys_ + starts_[id >> shift_], *end = keys_ + starts_[(id >> shift_) + 1];
    const uint32_t* at = std::lower_bound(begin, end, id);
    return at != end && *at == id ? static_cast<uint32_t>(at - keys_) : kNone;
  }

  const uint32_t* keys_ = nullptr;
  int shift_ = 0;
  std::vector<uint32_t> starts_;  // keys with high bits b are those from starts_[b] to starts_[b + 1] - 1
};

}  // namespace univar
