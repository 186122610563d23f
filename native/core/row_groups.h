// Groups of rows with equal labels, for the modes of the InfoNCE loss that use labels.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace univar {

// A partition of the rows. Without labels, every row is its own group. Takes 12 bytes per row.
class RowGroups {
 public:
  RowGroups(const int32_t* labels, size_t rows) : members_(rows), of_row_(rows) {
    std::iota(members_.begin(), members_.end(), 0);
    if (labels != nullptr) {
      std::stable_sort(members_.begin(), members_.end(), [=](int32_t a, int32_t b) { return labels[a] < labels[b]; });
    }
    for (size_t at = 0; at < rows; ++at) {
      const bool starts = at == 0 || labels == nullptr || labels[members_[at]] != labels[members_[at - 1]];
      if (starts) offsets_.push_back(static_cast<int32_t>(at));
      of_row_[static_cast<size_t>(members_[at])] = static_cast<int32_t>(offsets_.size()) - 1;
    }
    offsets_.push_back(static_cast<int32_t>(rows));
  }

  size_t count() const { return offsets_.size() - 1; }
  // Rows of group g, ascending.
  std::span<const int32_t> group(size_t g) const {
    return {members_.data() + offsets_[g], members_.data() + offsets_[g + 1]};
  }
  // All rows with the label of `row`, including `row` itself.
  std::span<const int32_t> of(size_t row) const { return group(static_cast<size_t>(of_row_[row])); }

  // The same as arrays: group g has members[offsets[g], offsets[g + 1]).
  const std::vector<int32_t>& members() const { return members_; }
  const std::vector<int32_t>& offsets() const { return offsets_; }
  const std::vector<int32_t>& of_row() const { return of_row_; }

 private:
  std::vector<int32_t> members_, offsets_, of_row_;
};

}  // namespace univar
