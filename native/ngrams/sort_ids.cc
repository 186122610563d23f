#include "ngrams/sort_ids.h"

#include <algorithm>
#include <array>
#include <utility>

namespace univar {
namespace {

constexpr size_t kFewIds = 64;  // below, clearing the tables of a radix sort takes longer than comparing
constexpr unsigned kDigitBits = 8;
constexpr size_t kDigits = 32 / kDigitBits;
constexpr size_t kValues = size_t{1} << kDigitBits;

size_t DigitOf(uint32_t id, size_t digit) { return (id >> (digit * kDigitBits)) & (kValues - 1); }

}  // namespace

uint32_t* SortIds(uint32_t* ids, uint32_t* spare, size_t count) {
  if (count < kFewIds) {
    std::sort(ids, ids + count);
    return ids;
  }
  // Radix sort, lowest digit first. The next place of each value of a digit:
  std::array<std::array<size_t, kValues>, kDigits> places{};
  for (size_t i = 0; i < count; ++i) {
    for (size_t digit = 0; digit < kDigits; ++digit) ++places[digit][DigitOf(ids[i], digit)];
  }
  for (auto& of_digit : places) {
    size_t begin = 0;
    for (size_t& place : of_digit) begin += std::exchange(place, begin);
  }
  for (size_t digit = 0; digit < kDigits; ++digit) {
    for (size_t i = 0; i < count; ++i) spare[places[digit][DigitOf(ids[i], digit)]++] = ids[i];
    std::swap(ids, spare);
  }
  return ids;
}

}  // namespace univar
