// Entry points of the CPU kernels. Their contracts are in the headers of the same names in ops/.
#pragma once

#include "ops/infonce.h"
#include "ops/l2_normalize.h"
#include "ops/matmul.h"
#include "ops/pooling.h"
#include "ops/topk.h"

namespace univar {

Status l2_normalize_cpu(ConstMatrix x, Matrix y, const Control& control);
Status pool_cpu(ConstMatrix hidden, const int32_t* offsets, Pooling pooling, Matrix y, const Control& control);
Status matmul_cpu(const MatmulArgs& args, const Control& control);
Status info_nce_cpu(const InfoNceArgs& args, double* loss, const Control& control);
TopkStorage topk_storage_cpu(size_t dim, size_t queries);
Status topk_prepare_cpu(ConstMatrix base, Metric metric, TopkStorage storage, std::unique_ptr<TopkBase>* prepared,
                        const Control& control);
Status topk_search_cpu(const TopkArgs& args, const Control& control);

}  // namespace univar
