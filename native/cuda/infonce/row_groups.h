#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace univar::cuda {

// Rows with equal labels, numbered in the order in which labels appear.
struct RowGroups {
  std::vector<int32_t> of_row, counts, offsets, members;
  explicit RowGroups(const int32_t* labels, size_t rows) : of_row(rows), members(rows) {
    std::unordered_map<int32_t, int32_t> numbers;
    for (size_t i = 0; i < rows; ++i) {
      const auto [at, fresh] = numbers.try_emplace(labels[i], static_cast<int32_t>(counts.size()));
      if (fresh) counts.push_back(0);
      of_row[i] = at->second;
      ++counts[static_cast<size_t>(at->second)];
    }
    offsets.assign(counts.size() + 1, 0);
    for (size_t g = 0; g < counts.size(); ++g) offsets[g + 1] = offsets[g] + counts[g];
    std::vector<int32_t> next(offsets.begin(), offsets.end() - 1);
    for (size_t i = 0; i < rows; ++i)
      members[static_cast<size_t>(next[static_cast<size_t>(of_row[i])]++)] = static_cast<int32_t>(i);
  }
};

}  // namespace univar::cuda
