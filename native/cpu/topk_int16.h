// Exact int32 products of int8 rows with int16 queries, for CPUs without int8 units. On these CPUs, one instruction
// multiplies and adds twice as many int16 pairs as floats.
#pragma once

#include <cstddef>
#include <cstdint>

namespace univar {

// Sums are computed for groups of this many queries and rows.
inline constexpr size_t kInt16Queries = 32;
inline constexpr size_t kInt16Rows = 4;

// Returns the number of entries of packed queries, padded to `stride` (a multiple of kInt16Queries).
size_t packed_int16_size(size_t stride, size_t dim);
// Packs `codes`, [queries, dim], and fills the padding with zeros.
void pack_int16(const int16_t* codes, size_t queries, size_t dim, size_t stride, int16_t* packed);

// Computes sums [rows, stride] = codes [rows, dim] times the packed queries. `wide` is scratch of [rows, dim + dim %
// 2]. Both `sums` and `wide` have space for a number of rows rounded up to a multiple of kInt16Rows. No sum can exceed
// the range of int32.
void multiply_int16(const int8_t* codes, size_t rows, size_t dim, const int16_t* packed, size_t stride, int16_t* wide,
                    int32_t* sums);

}  // namespace univar
