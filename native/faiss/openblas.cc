#include "faiss/openblas.h"

#include <sstream>

// Weak symbols, so that the addon also loads with another BLAS and can report it.
extern "C" __attribute__((weak)) char* openblas_get_config();
extern "C" __attribute__((weak)) int openblas_get_parallel();

namespace univar {

OpenBlas DescribeOpenBlas() {
  if (openblas_get_config == nullptr || openblas_get_parallel == nullptr) return {"unknown", "unknown", "unknown"};
  OpenBlas result;
  result.config = openblas_get_config();
  std::istringstream words(result.config);
  std::string name;
  words >> name >> result.version;
  const int kind = openblas_get_parallel();
  result.threads = kind == 2 ? "openmp" : kind == 1 ? "pthread" : "none";
  return result;
}

}  // namespace univar
