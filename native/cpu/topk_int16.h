// Products of int8 rows with int16 queries in int32, exact, for CPUs without int8 units: there an instruction
// multiplies and adds twice as many int16 pairs as floats.
#pragma once

#include <cstddef>
#include <cstdint>

namespace univar {

// Sums are computed in groups of this many queries, and of four rows.
inline constexpr size_t kInt16Queries = 32;
inline constexpr size_t kInt16Rows = 4;

// Entries of the packed form of queries padded to `stride` (a multiple of kInt16Queries).
size_t packed_int16_size(size_t stride, size_t dim);
// `codes` is [queries, dim]; the padding becomes zero.
void pack_int16(const int16_t* codes, size_t queries, size_t dim, size_t stride, int16_t* packed);

// sums [rows, stride] = rows [rows, dim] times the packed queries. `sums`, and `wide`, which is scratch of
// [rows, dim + dim % 2], have room for rows up to a multiple of kInt16Rows. No sum may leave the range of int32.
void multiply_int16(const int8_t* codes, size_t rows, size_t dim, const int16_t* packed, size_t stride, int16_t* wide,
                    int32_t* sums);

}  // namespace univar
