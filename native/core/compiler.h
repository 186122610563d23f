// What compilers spell differently.
#pragma once

// Functions that host and device share.
#ifdef __CUDACC__
#define UNIVAR_HD __host__ __device__ __forceinline__
#else
#define UNIVAR_HD inline
#endif

// After a switch with a case for every value of an enumeration; -Werror=switch reports a case that is missing.
#define UNIVAR_UNREACHABLE() __builtin_unreachable()
