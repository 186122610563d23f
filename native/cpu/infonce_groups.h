// Rows of equal label, for the modes of the InfoNCE loss that look at labels.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace univar {

// A partition of the rows; without labels every row is alone. 12 bytes per row.
class RowGroups {
 public:
  RowGroups(const int32_t* labels, size_t rows) : order_(rows), group_(rows) {
    std::iota(order_.begin(), order_.end(), 0u);
    if (labels != nullptr) {
      std::stable_sort(order_.begin(), order_.end(), [=](uint32_t a, uint32_t b) { return labels[a] < labels[b]; });
    }
    for (size_t at = 0; at < rows; ++at) {
      const bool starts = at == 0 || labels == nullptr || labels[order_[at]] != labels[order_[at - 1]];
      if (starts) begin_.push_back(static_cast<uint32_t>(at));
      group_[order_[at]] = static_cast<uint32_t>(begin_.size() - 1);
    }
    begin_.push_back(static_cast<uint32_t>(rows));
  }

  size_t count() const { return begin_.size() - 1; }
  // Rows of group g, ascending.
  std::span<const uint32_t> group(size_t g) const { return {order_.data() + begin_[g], order_.data() + begin_[g + 1]}; }
  // All rows with the label of `row`, itself included.
  std::span<const uint32_t> of(size_t row) const { return group(group_[row]); }

 private:
  std::vector<uint32_t> order_;  // rows, group after group
  std::vector<uint32_t> begin_;  // where each group starts in order_, and the end
  std::vector<uint32_t> group_;  // of each row
};

}  // namespace univar
