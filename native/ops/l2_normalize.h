// Scales rows to unit Euclidean length.
//
//   y_i = x_i / max(||x_i||_2, 1e-12)
//
// x, y: [rows, cols] float32, row-major; y can be x. The norm is accumulated in double precision, so float32 rows of
// any magnitude neither overflow nor underflow. Each entry is within 1 unit in the last place. A zero row stays zero.
#pragma once

#include "core/control.h"
#include "core/matrix.h"
#include "core/status.h"

namespace univar {

inline constexpr double kMinNorm = 1e-12;

// Backward, with n = max(||x||, 1e-12):  dx = (dy - (dy . y) y) / n.  dx is overwritten and can be dy.
using L2NormalizeBackwardFn = Status (*)(ConstMatrix x, ConstMatrix dy, Matrix dx);
using L2NormalizeFn = Status (*)(ConstMatrix x, Matrix y, const Control& control);

}  // namespace univar
