// Kernels of bags of embeddings. Their contracts are in ops/bag.h.
#pragma once

#include "ops/bag.h"

namespace univar {

void bag_forward_cpu(const BagTable& table, const BagEntry* entries, size_t count, float* out);
void bag_step_cpu(const BagStepArgs& args, size_t begin, size_t end, float* gradient);

}  // namespace univar
