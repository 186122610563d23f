// The operations of the CUDA backend, by the files that hold their kernels. What no file adds stays null: the loader
// (src/native/loader.ts) takes those operations from the CPU addon.
#pragma once

#include "ops/backend.h"

namespace univar::cuda {

void AddInfoNce(Backend* table);
void AddTopk(Backend* table);
void AddEncoder(Backend* table);

}  // namespace univar::cuda
