// The operations of the CUDA backend, by the files that contain their kernels. Operations that no file adds stay null;
// the loader (src/native/loader.ts) uses those of the CPU addon.
#pragma once

#include "ops/backend.h"

namespace univar::cuda {

void AddInfoNce(Backend* table);
void AddTopk(Backend* table);
void AddEncoder(Backend* table);

}  // namespace univar::cuda
