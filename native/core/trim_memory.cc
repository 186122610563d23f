#include "core/trim_memory.h"

#ifdef __linux__
#include <malloc.h>
#endif

namespace univar {

void TrimMemory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace univar
