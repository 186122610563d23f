// Freed memory that the allocator keeps for later.
#pragma once

namespace univar {

// Gives it back to the system, from all threads. Takes milliseconds; allocations of other threads wait meanwhile. Does
// nothing on systems without glibc.
void TrimMemory();

}  // namespace univar
