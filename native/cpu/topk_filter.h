// Finds the few sums of a tile that can belong to a best row, see topk_filter.cc.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cpu/topk_select.h"

namespace univar {

// A tile of sums with the terms of its rows and queries, as in ops/topk.h.
struct TopkFilterArgs {
  const float* sums;  // [rows, stride], aligned
  bool integers;      // the sums are int32
  size_t rows, stride;
  const float *row_scale, *row_residual, *row_length;
  const float* row_half_square;  // null unless the metric is l2
  const QueryTerms* queries;     // padded to `stride`
  int32_t first_row;
  TopkSelector* selector;
};

// Pushes every row whose upper bound reaches the threshold of a query to the selector.
void topk_filter(const TopkFilterArgs& args);

}  // namespace univar
