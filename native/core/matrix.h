// Row-major matrix views: element (i, j) is data[i * cols + j]. A view owns nothing.
#pragma once

#include <cstddef>

namespace univar {

template <typename T>
struct MatrixView {
  T* data = nullptr;
  size_t rows = 0;
  size_t cols = 0;

  T* row(size_t i) const { return data + i * cols; }
  size_t size() const { return rows * cols; }
};

using Matrix = MatrixView<float>;
using ConstMatrix = MatrixView<const float>;

}  // namespace univar
