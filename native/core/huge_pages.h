// Large memory that is read at random: with pages of 2 MiB, the CPU finds the address of a row in its own table.
#pragma once

#include <cstddef>

namespace univar {

// Asks the system to keep this memory in huge pages. Nothing happens if it cannot, or if the memory is small.
void PreferHugePages(const void* data, size_t bytes);

}  // namespace univar
