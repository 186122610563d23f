// Sorting of feature ids.
#pragma once

#include <cstddef>
#include <cstdint>

namespace univar {

// Sorts `count` ids, ascending, in linear time. Uses both arrays, of `count` entries each, and returns the one that has
// the result.
uint32_t* SortIds(uint32_t* ids, uint32_t* spare, size_t count);

}  // namespace univar
