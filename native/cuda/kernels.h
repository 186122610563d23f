// The operations of the CUDA backend.
#pragma once

#include "ops/infonce.h"
#include "ops/topk.h"

namespace univar {

Status info_nce_cuda(const InfoNceArgs& args, double* loss, const Control& control);
TopkStorage topk_storage_cuda(size_t dim, size_t queries);
Status topk_prepare_cuda(ConstMatrix base, TopkMetric metric, TopkStorage storage, std::unique_ptr<TopkBase>* prepared,
                         const Control& control);
Status topk_search_cuda(const TopkArgs& args, const Control& control);

}  // namespace univar
