#include "faiss/row_selector.h"

#include <bit>

namespace univar {

uint8_t RowSelector::Byte(size_t i) const {
  unsigned bits = allowed_.data == nullptr ? 0xff : i < allowed_.bytes ? allowed_.data[i] : 0;
  if (i < removed_.bytes) bits &= ~static_cast<unsigned>(removed_.data[i]);
  if (i == rows_ / 8) bits &= (1u << (rows_ % 8)) - 1;
  return static_cast<uint8_t>(bits);
}

size_t RowSelector::Count() const {
  size_t count = 0;
  for (size_t i = 0; i < (rows_ + 7) / 8; ++i) count += static_cast<size_t>(std::popcount(Byte(i)));
  return count;
}

std::vector<int32_t> RowSelector::Rows() const {
  std::vector<int32_t> rows;
  for (size_t i = 0; i < (rows_ + 7) / 8; ++i) {
    for (unsigned bits = Byte(i); bits != 0; bits &= bits - 1) {
      rows.push_back(static_cast<int32_t>(8 * i) + std::countr_zero(bits));
    }
  }
  return rows;
}

}  // namespace univar
