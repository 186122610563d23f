// The CUDA backend's table.
#include "cuda/kernels.h"

namespace univar {

const Backend& GetBackend() {
  static const Backend backend = [] {
    Backend table{};
    table.name = "cuda";
    cuda::AddInfoNce(&table);
    cuda::AddTopk(&table);
    cuda::AddEncoder(&table);
    return table;
  }();
  return backend;
}

}  // namespace univar
