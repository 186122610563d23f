// Ranking of rows that are given by number.
#pragma once

#include <faiss/IndexFlat.h>
#include <faiss/IndexFlatCodes.h>

#include <cstdint>
#include <vector>

#include "core/matrix.h"

namespace univar {

// Finds the k nearest of the given rows of a storage for each query, best first. As in FAISS, distances are inner
// products or squared distances; missing results have label -1 and the worst distance. Parallel over queries.
void RankRows(const faiss::IndexFlatCodes& storage, const std::vector<int32_t>& rows, ConstMatrix queries, size_t k,
              float* distances, faiss::idx_t* labels);

// Finds the k best of the candidates of each query ([queries, count], -1 for none) by their distances in a storage of
// more precision.
void RankAgain(const faiss::IndexFlatCodes& storage, ConstMatrix queries, const faiss::idx_t* candidates, size_t count,
               size_t k, float* distances, faiss::idx_t* labels);

}  // namespace univar
