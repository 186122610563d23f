// Checks the bytes of an index file before FAISS reads them. FAISS's reader trusts the sizes in a file and allocates
// that much memory, and its search trusts every id. This check compares each size with the rest of the file, and each
// id, level and offset with the table that it points into. A file that passes is safe to read and search, whatever its
// floats are.
//
// Files written by this package end with two blocks that FAISS's readers ignore. If rows were removed, the first is an
// 8-byte mark, the number of bytes of a bitmap, and the bitmap. The second is a checksum: an 8-byte mark, the length of
// the content before the block, and the CRC-32 of that content. Files of other programs have neither block and get only
// the structural checks.
#pragma once

#include <cstdint>
#include <vector>

#include "core/status.h"
#include "faiss/byte_stream.h"

namespace univar {

// kStructure checks everything that a search trusts, but not vectors and codes. It also skips the checksum, which
// covers them.
enum class Check { kEverything, kStructure };

// Returns ERR_DATA with the name of the source and the problem if a check fails. Leaves the source at its end.
// `removed` receives the bits of the removed rows (row_selector.h).
Status CheckIndexBytes(ByteSource* source, Check check, std::vector<uint8_t>* removed);

// Returns the bytes to append to an index from which rows were removed, or none if no row was removed.
std::vector<uint8_t> RemovedBlock(const std::vector<uint8_t>& removed);

// Returns the bytes to append to an index of `length` bytes with checksum `crc`.
std::vector<uint8_t> ChecksumTrailer(uint64_t length, uint32_t crc);

}  // namespace univar
