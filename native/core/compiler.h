// Compiler-specific spellings.
#pragma once

// Marks functions that host and device share.
#ifdef __CUDACC__
#define UNIVAR_HD __host__ __device__ __forceinline__
#else
#define UNIVAR_HD inline
#endif

// Follows a switch with a case for every value of an enumeration. -Werror=switch reports a missing case.
#define UNIVAR_UNREACHABLE() __builtin_unreachable()
