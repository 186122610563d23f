// Functions that Debian 13's static libraries expect, and that Debian 12 has not, or not in a form that can be linked.
#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <exception>
#include <ios>

// FAISS is compiled by GCC 14 for glibc 2.41.

// With this, a newer libstdc++ initialises std::cout once for all files. Ours does so where <iostream> is included.
namespace std {
void ios_base_library_init() { static const ios_base::Init streams; }
}  // namespace std

extern "C" {

// Called by compiled code of GCC 14 if an exception leaves a noexcept function.
void __cxa_call_terminate(void* exception) noexcept {
  abi::__cxa_begin_catch(exception);
  std::terminate();
}

// The functions of C23 also read binary numbers. FAISS reads none.
long __isoc23_strtol(const char* text, char** end, int base) { return std::strtol(text, end, base); }

int __isoc23_sscanf(const char* text, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int count = std::vsscanf(text, format, arguments);
  va_end(arguments);
  return count;
}

// The only function of Fortran's library in LAPACK: it joins two letters to the name of a variant. The static library
// cannot be part of a shared one.
void _gfortran_concat_string(size_t size, char* joined, size_t first_size, const char* first, size_t second_size,
                             const char* second) {
  const size_t from_first = std::min(size, first_size);
  const size_t from_second = std::min(size - from_first, second_size);
  std::memcpy(joined, first, from_first);
  std::memcpy(joined + from_first, second, from_second);
  std::memset(joined + from_first + from_second, ' ', size - from_first - from_second);
}

}  // extern "C"
