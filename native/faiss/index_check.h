// A checked walk over the bytes of an index file, before FAISS's own reader sees them. That reader believes the sizes
// in a file (it allocates what they say) and search believes every id; here each size is compared with what is left of
// the file, and each id, level and offset with the table it points into. What passes can be read and searched
// without harm, whatever its floats mean.
//
// Files that we write end with what FAISS's readers ignore: where rows were removed, 8 bytes of mark, the number of
// bytes of a bitmap, and the bitmap; then a checksum: 8 bytes of mark, the length of what is before it, its CRC-32.
// Files of other programs have neither and get the structural checks only.
#pragma once

#include <cstdint>
#include <vector>

#include "core/status.h"
#include "faiss/byte_stream.h"

namespace univar {

// kStructure reads everything that a search believes but not vectors and codes, and not the checksum, which is over
// them too.
enum class Check { kEverything, kStructure };

// ERR_DATA with the name of the source, and what is wrong with it. Leaves the source at its end. `removed` receives the
// bits of the rows that were removed (row_selector.h).
Status CheckIndexBytes(ByteSource* source, Check check, std::vector<uint8_t>* removed);

// The bytes to append to an index from which rows were removed; none where none were.
std::vector<uint8_t> RemovedBlock(const std::vector<uint8_t>& removed);

// The bytes to append to an index of `length` bytes with checksum `crc`.
std::vector<uint8_t> ChecksumTrailer(uint64_t length, uint32_t crc);

}  // namespace univar
