// Pools token vectors to one vector per sequence, over packed (padding-free) batches.
//
//   mean:  y_s = (1 / n_s) sum_t h_{s,t}      cls:  y_s = h_{s,0}
//
// hidden:  [offsets[sequences], cols] float32; the tokens of sequence s are rows offsets[s] .. offsets[s + 1] - 1.
// offsets: sequences + 1 ascending entries starting at 0. A sequence without tokens gives a zero row.
// Sums are computed in double precision, in token order.
#pragma once

#include <cstdint>

#include "core/control.h"
#include "core/matrix.h"
#include "core/names.h"
#include "core/status.h"

namespace univar {

enum class Pooling { kMean, kCls };

template <>
struct Names<Pooling> {
  static constexpr Named<Pooling> kAll[] = {{Pooling::kMean, "mean"}, {Pooling::kCls, "cls"}};
};

// Backward: dh_{s,t} = dy_s / n_s for every token (mean), or dy_s for the first token and 0 for the others (cls). dh is
// overwritten.
using PoolBackwardFn = Status (*)(ConstMatrix dy, const int32_t* offsets, Pooling pooling, Matrix dhidden);
using PoolFn = Status (*)(ConstMatrix hidden, const int32_t* offsets, Pooling pooling, Matrix y,
                          const Control& control);

}  // namespace univar
