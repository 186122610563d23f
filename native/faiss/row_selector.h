// Selects the rows that a search can return: those that the caller allows and that were not removed. Bit i % 8 of byte
// i / 8 of a bitmap belongs to row i. Rows beyond the end of a bitmap have bit 0.
#pragma once

#include <faiss/impl/IDSelector.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace univar {

// A view of a bitmap.
struct RowBits {
  const uint8_t* data = nullptr;
  size_t bytes = 0;

  bool has(int64_t row) const {
    const auto byte = static_cast<size_t>(row >> 3);
    return byte < bytes && ((data[byte] >> (row & 7)) & 1) != 0;
  }
};

class RowSelector final : public faiss::IDSelector {
 public:
  // If `allowed` has no data, every row is allowed.
  RowSelector(RowBits allowed, RowBits removed, size_t rows) : allowed_(allowed), removed_(removed), rows_(rows) {}

  bool is_member(faiss::idx_t row) const override {
    return (allowed_.data == nullptr || allowed_.has(row)) && !removed_.has(row);
  }
  // Whether all rows are allowed. Some of them can be removed.
  bool allows_all() const { return allowed_.data == nullptr; }
  size_t Count() const;
  std::vector<int32_t> Rows() const;

 private:
  // Returns the bits of the selected rows among 64 i .. 64 i + 63.
  uint64_t Word(size_t i) const;

  RowBits allowed_, removed_;
  size_t rows_;
};

}  // namespace univar
