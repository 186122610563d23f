// Affine maps on oneDNN, see ops/linear.h.
#include <oneapi/dnnl/dnnl.hpp>

#include <algorithm>
#include <string>

#include "core/aligned_buffer.h"
#include "core/simd_targets.h"
#include "cpu/bf16.h"
#include "cpu/encoder_kernels.h"
#include "cpu/gemm.h"

namespace univar {
namespace {

// An operand at the wanted precision: the floats themselves, their bfloat16 rounding, or, on a CPU without bf16 units, the
// rounded values as floats.
class Operand {
 public:
  Status Prepare(const float* x, size_t n, Precision precision) {
    data_ = x;
    if (precision == Precision::kF32) return Status::Ok();
    if (HasNativeBf16()) {
      if (Status s = rounded_.Allocate(n, "bf16 activations"); !s.ok()) return s;
      float_to_bf16_cpu(x, rounded_.data(), n);
      data_ = rounded_.data();
    } else {
      if (Status s = floats_.Allocate(n, "rounded activations"); !s.ok()) return s;
      round_to_bf16_cpu(x, floats_.data(), n);
      data_ = floats_.data();
    }
    return Status::Ok();
  }
  Status Prepare(const LinearWeight& weight, Precision precision) {
    if (precision == Precision::kF32 || !HasNativeBf16()) return Prepare(weight.w, weight.out * weight.in, precision);
    data_ = weight.w16;
    return Status::Ok();
  }
  const void* data() const { return data_; }

 private:
  const void* data_ = nullptr;
  AlignedBuffer<uint16_t> rounded_;
  AlignedBuffer<float> floats_;
};

GemmType Type(Precision precision) {
  return precision == Precision::kBf16 && HasNativeBf16() ? GemmType::kBf16 : GemmType::kF32;
}

// Creates and runs one product.
Status Multiply(const GemmSpec& spec, const Operand& a, const Operand& b, float* c) {
  Gemm product;
  if (Status s = Gemm::Create(spec, &product); !s.ok()) return s;
  return product.Run(a.data(), b.data(), c);
}

void AddBias(const float* bias, float* y, size_t rows, size_t cols) {
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < cols; ++j) y[i * cols + j] += bias[j];
  }
}

void SumRows(const float* dy, size_t rows, size_t cols, float* db) {
  // Parallel over columns: the order of sums does not depend on the number of threads.
  constexpr size_t kColumns = 64;
#pragma omp parallel for schedule(static)
  for (size_t begin = 0; begin < cols; begin += kColumns) {
    const size_t end = std::min(cols, begin + kColumns);
    float sum[kColumns] = {};
    for (size_t i = 0; i < rows; ++i) {
      for (size_t j = begin; j < end; ++j) sum[j - begin] += dy[i * cols + j];
    }
    for (size_t j = begin; j < end; ++j) db[j] += sum[j - begin];
  }
}

}  // namespace

Status linear_forward_cpu(const LinearWeight& weight, const LinearForwardArgs& args) {
  Operand x, w;
  if (Status s = x.Prepare(args.x, args.rows * weight.in, args.precision); !s.ok()) return s;
  if (Status s = w.Prepare(weight, args.precision); !s.ok()) return s;
  const GemmType type = Type(args.precision);
  const GemmSpec spec{.m = args.rows, .n = weight.out, .k = weight.in, .transpose_b = true, .a = type, .b = type};
  if (Status s = Multiply(spec, x, w, args.y); !s.ok()) return s;
  if (weight.bias != nullptr) AddBias(weight.bias, args.y, args.rows, weight.out);
  return Status::Ok();
}

Status linear_backward_cpu(const LinearWeight& weight, const LinearBackwardArgs& args) {
  const GemmType type = Type(args.precision);
  Operand dy;
  if (Status s = dy.Prepare(args.dy, args.rows * weight.out, args.precision); !s.ok()) return s;
  if (args.dx != nullptr) {
    Operand w;
    if (Status s = w.Prepare(weight, args.precision); !s.ok()) return s;
    const GemmSpec spec{.m = args.rows, .n = weight.in, .k = weight.out, .a = type, .b = type,
                        .accumulate = args.accumulate_dx};
    if (Status s = Multiply(spec, dy, w, args.dx); !s.ok()) return s;
  }
  if (args.dw != nullptr) {
    Operand x;
    if (Status s = x.Prepare(args.x, args.rows * weight.in, args.precision); !s.ok()) return s;
    const GemmSpec spec{.m = weight.out, .n = weight.in, .k = args.rows, .transpose_a = true, .a = type, .b = type,
                        .accumulate = true};
    if (Status s = Multiply(spec, dy, x, args.dw); !s.ok()) return s;
  }
  if (args.db != nullptr) SumRows(args.dy, args.rows, weight.out, args.db);
  return Status::Ok();
}

}  // namespace univar
