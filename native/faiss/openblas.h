// Describes the OpenBLAS of this process. FAISS multiplies matrices inside its own OpenMP regions, and only the OpenMP
// variant of OpenBLAS shares their threads. The pthread variant, which Debian installs by default, makes flat search
// several times slower.
#pragma once

#include <string>

namespace univar {

struct OpenBlas {
  std::string version;  // "0.3.29"
  std::string threads;  // "openmp", "pthread" or "none"
  std::string config;   // OpenBLAS's description of itself, including its kernel
};

// All members are "unknown" if the BLAS is not OpenBLAS.
OpenBlas DescribeOpenBlas();

}  // namespace univar
