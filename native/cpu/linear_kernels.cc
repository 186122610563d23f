// For every instruction set, see linear_kernels.h.
#include "cpu/linear_kernels.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/linear_kernels.cc"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;

float RowMagnitude(const float* x, size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  auto most = hn::Zero(d);
  for (size_t j = 0; j < n; j += lanes) most = hn::Max(most, hn::Abs(hn::LoadN(d, x + j, std::min(lanes, n - j))));
  return hn::ReduceMax(d, most);
}

void QuantizeRow(const float* x, size_t n, int8_t* q8, float* q32, float* step) {
  const D d;
  const hn::Rebind<int8_t, D> db;
  const size_t lanes = hn::Lanes(d);
  const float largest = RowMagnitude(x, n);
  *step = largest / 127.0f;
  const auto scale = hn::Set(d, largest > 0.0f ? 127.0f / largest : 0.0f);
  for (size_t j = 0; j < n; j += lanes) {
    const size_t count = std::min(lanes, n - j);
    const auto whole = hn::NearestInt(hn::Mul(hn::LoadN(d, x + j, count), scale));
    if (q8 != nullptr) {
      hn::StoreN(hn::DemoteTo(db, whole), db, q8 + j, count);
    } else {
      hn::StoreN(hn::ConvertTo(d, whole), d, q32 + j, count);
    }
  }
}

void DequantizeRow(const DequantizeArgs& args, size_t row) {
  const D d;
  const size_t lanes = hn::Lanes(d), n = args.cols;
  float* y = args.y + row * n;
  const float* addend = args.addend == nullptr ? nullptr : args.addend + row * n;
  const auto step = hn::Set(d, args.row_steps[row]);
  for (size_t j = 0; j < n; j += lanes) {
    const size_t count = std::min(lanes, n - j);
    const auto start = args.bias == nullptr ? hn::Zero(d) : hn::LoadN(d, args.bias + j, count);
    const auto scale = hn::Mul(step, hn::LoadN(d, args.column_steps + j, count));
    auto value = hn::MulAdd(hn::LoadN(d, y + j, count), scale, start);
    if (addend != nullptr) value = hn::Add(value, hn::LoadN(d, addend + j, count));
    hn::StoreN(value, d, y + j, count);
  }
}

void AddRow(const float* x, size_t n, float* sums) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  for (size_t j = 0; j < n; j += lanes) {
    const size_t count = std::min(lanes, n - j);
    hn::StoreN(hn::Add(hn::LoadN(d, sums + j, count), hn::LoadN(d, x + j, count)), d, sums + j, count);
  }
}

void Widen(const uint16_t* x, float* y, size_t n) {
  const hn::ScalableTag<uint32_t> du;
  const hn::Rebind<uint16_t, decltype(du)> dh;
  const D d;
  const size_t lanes = hn::Lanes(d);
  for (size_t j = 0; j < n; j += lanes) {
    const size_t count = std::min(lanes, n - j);
    const auto bits = hn::ShiftLeft<16>(hn::PromoteTo(du, hn::LoadN(dh, x + j, count)));
    hn::StoreN(hn::BitCast(d, bits), d, y + j, count);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace univar {

HWY_EXPORT(QuantizeRow);
HWY_EXPORT(DequantizeRow);
HWY_EXPORT(AddRow);
HWY_EXPORT(Widen);

void quantize_rows_cpu(const float* x, size_t rows, size_t cols, int8_t* q8, float* q32, float* steps) {
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < rows; ++i) {
    HWY_DYNAMIC_DISPATCH(QuantizeRow)
    (x + i * cols, cols, q8 == nullptr ? nullptr : q8 + i * cols, q8 == nullptr ? q32 + i * cols : nullptr, steps + i);
  }
}

void dequantize_cpu(const DequantizeArgs& args) {
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < args.rows; ++i) HWY_DYNAMIC_DISPATCH(DequantizeRow)(args, i);
}

void add_column_sums_cpu(const float* x, size_t rows, size_t cols, float* sums, float* partial) {
  std::fill_n(partial, kSumBlocks * cols, 0.0f);
  const size_t height = (rows + kSumBlocks - 1) / kSumBlocks;
#pragma omp parallel for schedule(static)
  for (size_t block = 0; block < kSumBlocks; ++block) {
    for (size_t i = block * height; i < std::min(rows, (block + 1) * height); ++i) {
      HWY_DYNAMIC_DISPATCH(AddRow)(x + i * cols, cols, partial + block * cols);
    }
  }
  for (size_t block = 0; block < kSumBlocks; ++block) HWY_DYNAMIC_DISPATCH(AddRow)(partial + block * cols, cols, sums);
}

void bf16_to_float_cpu(const uint16_t* x, float* y, size_t n) {
  constexpr size_t kBlock = 1 << 14;
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < n; i += kBlock) HWY_DYNAMIC_DISPATCH(Widen)(x + i, y + i, std::min(kBlock, n - i));
}

}  // namespace univar
#endif  // HWY_ONCE
