// For every instruction set, see linear_kernels.h.
#include "cpu/linear_kernels.h"

#include <algorithm>
#include <cmath>

#include "core/numbers.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/linear_kernels.cc"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

#include "cpu/bf16-inl.h"
#include "cpu/gelu-inl.h"

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;

// Calls `body` with the offset and size of every vector of n entries. Only the last vector can be incomplete.
template <class Body>
HWY_INLINE void ForEachVector(size_t n, const Body& body) {
  const size_t lanes = hn::Lanes(D());
  size_t j = 0;
  for (; j + lanes <= n; j += lanes) body(j, lanes);
  if (j < n) body(j, n - j);
}

// Loads `count` floats and fills the rest of the vector with zeros.
HWY_INLINE hn::Vec<D> Load(const float* x, size_t count) {
  const D d;
  return count >= hn::Lanes(d) ? hn::LoadU(d, x) : hn::LoadN(d, x, count);
}

template <class DT, class V, typename T>
HWY_INLINE void Store(DT d, V v, T* x, size_t count) {
  count >= hn::Lanes(d) ? hn::StoreU(v, d, x) : hn::StoreN(v, d, x, count);
}

struct Span {
  float least, most;
};

// Returns the smallest range that contains the row and 0.
Span SpanOfRow(const float* x, size_t n) {
  const D d;
  auto least = hn::Zero(d), most = hn::Zero(d);
  ForEachVector(n, [&](size_t j, size_t count) HWY_ATTR {
    const auto v = Load(x + j, count);
    least = hn::Min(least, v);
    most = hn::Max(most, v);
  });
  return {hn::ReduceMin(d, least), hn::ReduceMax(d, most)};
}

// Computes q = round(x * scale) + zero as bytes or as floats and returns the sum of q over the row.
template <typename Byte>
float QuantizeRow(const float* x, size_t n, float scale, float zero, Byte* bytes, float* floats) {
  const D d;
  const hn::Rebind<Byte, D> db;
  const hn::RebindToSigned<D> di;
  const auto vscale = hn::Set(d, scale);
  const auto vzero = hn::Set(di, static_cast<int32_t>(zero));
  auto sum = hn::Zero(di);
  ForEachVector(n, [&](size_t j, size_t count) HWY_ATTR {
    const auto whole = hn::Add(hn::NearestInt(hn::Mul(Load(x + j, count), vscale)), vzero);
    sum = hn::Add(sum, whole);
    if (bytes != nullptr) {
      Store(db, hn::DemoteTo(db, whole), bytes + j, count);  // saturates
    } else {
      Store(d, hn::ConvertTo(d, whole), floats + j, count);
    }
  });
  return static_cast<float>(hn::ReduceSum(di, sum));
}

void QuantizeWeightRow(const float* w, size_t n, int8_t* bytes, float* floats, float* step, float* sum) {
  const Span span = SpanOfRow(w, n);
  const float largest = std::max(-span.least, span.most);
  *step = largest / 127.0f;
  // Lanes beyond the end are zero and add nothing to the sum.
  *sum = QuantizeRow(w, n, largest > 0.0f ? 127.0f / largest : 0.0f, 0.0f, bytes, floats);
}

void QuantizeActivationRow(const float* x, size_t n, uint8_t* bytes, float* floats, float* step, float* zero) {
  const Span span = SpanOfRow(x, n);
  const float range = span.most - span.least;
  const float scale = range > 0.0f ? 255.0f / range : 0.0f;
  *step = range / 255.0f;
  *zero = std::nearbyint(-span.least * scale);
  QuantizeRow(x, n, scale, *zero, bytes, floats);
}

void DequantizeRow(const DequantizeArgs& args, size_t row) {
  const D d;
  const size_t n = args.cols;
  float* y = args.y + row * n;
  const float* addend = args.addend == nullptr ? nullptr : args.addend + row * n;
  const auto step = hn::Set(d, args.row_steps[row]), zero = hn::Set(d, args.row_zeros[row]);
  ForEachVector(n, [&](size_t j, size_t count) HWY_ATTR {
    const auto start = args.bias == nullptr ? hn::Zero(d) : Load(args.bias + j, count);
    const auto scale = hn::Mul(step, Load(args.column_steps + j, count));
    const auto sum = hn::NegMulAdd(zero, Load(args.column_sums + j, count), Load(y + j, count));
    auto value = hn::MulAdd(sum, scale, start);
    if (addend != nullptr) value = hn::Add(value, Load(addend + j, count));
    if (args.gelu) value = Gelu(d, value);
    Store(d, value, y + j, count);
  });
}

void AddRow(ActivationInput x, size_t n, float* sums) {
  const D d;
  ForEachVector(n, [&](size_t j, size_t count) HWY_ATTR {
    const auto v = x.bf16 == nullptr ? Load(x.f32 + j, count) : LoadBf16(d, x.bf16 + j, count);
    Store(d, hn::Add(Load(sums + j, count), v), sums + j, count);
  });
}

void Widen(const uint16_t* x, float* y, size_t n) {
  const D d;
  ForEachVector(n, [&](size_t j, size_t count) HWY_ATTR { Store(d, LoadBf16(d, x + j, count), y + j, count); });
}

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace univar {

HWY_EXPORT(QuantizeWeightRow);
HWY_EXPORT(QuantizeActivationRow);
HWY_EXPORT(DequantizeRow);
HWY_EXPORT(AddRow);
HWY_EXPORT(Widen);

void quantize_weights_cpu(const float* w, size_t rows, size_t cols, WholeNumbers q, float* steps, float* sums) {
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < rows; ++i) {
    int8_t* bytes = q.bytes == nullptr ? nullptr : reinterpret_cast<int8_t*>(q.bytes) + i * cols;
    float* floats = q.floats == nullptr ? nullptr : q.floats + i * cols;
    HWY_DYNAMIC_DISPATCH(QuantizeWeightRow)(w + i * cols, cols, bytes, floats, steps + i, sums + i);
  }
}

void quantize_activations_cpu(const float* x, size_t rows, size_t cols, WholeNumbers q, float* steps, float* zeros) {
  const auto quantize = HWY_DYNAMIC_POINTER(QuantizeActivationRow);
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < rows; ++i) {
    uint8_t* bytes = q.bytes == nullptr ? nullptr : q.bytes + i * cols;
    float* floats = q.floats == nullptr ? nullptr : q.floats + i * cols;
    quantize(x + i * cols, cols, bytes, floats, steps + i, zeros + i);
  }
}

void dequantize_cpu(const DequantizeArgs& args) {
  const auto dequantize = HWY_DYNAMIC_POINTER(DequantizeRow);
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < args.rows; ++i) dequantize(args, i);
}

void add_column_sums_cpu(ActivationInput x, size_t rows, size_t cols, float* sums, float* partial) {
  std::fill_n(partial, kSumBlocks * cols, 0.0f);
  const size_t height = CeilDivide(rows, kSumBlocks);
#pragma omp parallel for schedule(static)
  for (size_t block = 0; block < kSumBlocks; ++block) {
    for (size_t i = block * height; i < std::min(rows, (block + 1) * height); ++i) {
      HWY_DYNAMIC_DISPATCH(AddRow)(x + i * cols, cols, partial + block * cols);
    }
  }
  for (size_t block = 0; block < kSumBlocks; ++block) {
    HWY_DYNAMIC_DISPATCH(AddRow)({.f32 = partial + block * cols}, cols, sums);
  }
}

void bf16_to_float_cpu(const uint16_t* x, float* y, size_t n) {
  constexpr size_t kBlock = 1 << 14;
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < n; i += kBlock) HWY_DYNAMIC_DISPATCH(Widen)(x + i, y + i, std::min(kBlock, n - i));
}

}  // namespace univar
#endif  // HWY_ONCE
