// A checked walk over the bytes of an index file, before FAISS's own reader sees them. That reader believes the sizes
// in a file (it allocates what they say) and search believes every id; here each size is compared with what is left of
// the file, and each id, level and offset with the table it points into. What passes can be read and searched
// without harm, whatever its floats mean.
//
// Files that we write end with a checksum, which FAISS's readers ignore: 8 bytes of mark, the length of the index
// before it, its CRC-32. Files of other programs have none and get the structural checks only.
#pragma once

#include <cstdint>
#include <vector>

#include "core/status.h"
#include "faiss/byte_stream.h"

namespace univar {

// ERR_DATA with the name of the source, and what is wrong with it. Leaves the source at its end.
Status CheckIndexBytes(ByteSource* source);

// The bytes to append to an index of `length` bytes with checksum `crc`.
std::vector<uint8_t> ChecksumTrailer(uint64_t length, uint32_t crc);

}  // namespace univar
