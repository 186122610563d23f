// Which OpenBLAS this process runs on. FAISS multiplies matrices inside its own OpenMP regions; only the flavour of
// OpenBLAS that uses OpenMP too shares its threads with them. The pthread flavour, which is what Debian installs by
// default, makes flat search several times slower.
#pragma once

#include <string>

namespace univar {

struct OpenBlas {
  std::string version;  // "0.3.29"
  std::string threads;  // "openmp", "pthread" or "none"
  std::string config;   // as OpenBLAS describes itself, its kernel included
};

// All "unknown" where the BLAS is not OpenBLAS.
OpenBlas DescribeOpenBlas();

}  // namespace univar
