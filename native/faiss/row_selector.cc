#include "faiss/row_selector.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace univar {
namespace {

// Returns bits 64 i .. 64 i + 63 of a bitmap. Bits beyond its end are 0.
uint64_t WordOf(RowBits bits, size_t i) {
  static_assert(std::endian::native == std::endian::little, "byte 0 holds the lowest bits");
  uint64_t word = 0;
  const size_t begin = 8 * i;
  if (begin < bits.bytes) std::memcpy(&word, bits.data + begin, std::min<size_t>(8, bits.bytes - begin));
  return word;
}

}  // namespace

uint64_t RowSelector::Word(size_t i) const {
  uint64_t word = (allows_all() ? ~uint64_t{0} : WordOf(allowed_, i)) & ~WordOf(removed_, i);
  if (i == rows_ / 64) word &= (uint64_t{1} << (rows_ % 64)) - 1;
  return word;
}

size_t RowSelector::Count() const {
  size_t count = 0;
  for (size_t i = 0; i < (rows_ + 63) / 64; ++i) count += static_cast<size_t>(std::popcount(Word(i)));
  return count;
}

std::vector<int32_t> RowSelector::Rows() const {
  std::vector<int32_t> rows;
  for (size_t i = 0; i < (rows_ + 63) / 64; ++i) {
    for (uint64_t word = Word(i); word != 0; word &= word - 1) {
      rows.push_back(static_cast<int32_t>(64 * i) + std::countr_zero(word));
    }
  }
  return rows;
}

}  // namespace univar
