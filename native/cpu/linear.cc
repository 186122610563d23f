// Affine maps on oneDNN, see ops/linear.h.
#include <algorithm>
#include <utility>

#include "core/simd_targets.h"
#include "cpu/bf16.h"
#include "cpu/encoder_kernels.h"
#include "cpu/gemm.h"
#include "cpu/linear_kernels.h"

namespace univar {
namespace {

// Slots of the scratch memory.
enum Slot : size_t { kLeft, kRight, kFloats, kProduct };

// How this CPU computes a product of some precision.
struct Arithmetic {
  GemmType operands = GemmType::kF32;
  bool rounded = false;    // operands are bfloat16, or floats of the same value
  bool quantized = false;  // operands are integers

  explicit Arithmetic(Precision precision) {
    switch (precision) {
      case Precision::kF32: break;
      case Precision::kBf16:
        rounded = true;
        if (HasNativeBf16()) operands = GemmType::kBf16;
        break;
      case Precision::kInt8:
        quantized = true;
        if (HasNativeInt8()) operands = GemmType::kS8;
        break;
    }
  }
};

struct CpuPackedWeight final : PackedWeight {
  PackedB b;
  AlignedBuffer<float> steps, sums;  // of the rows, for kInt8
};

GemmSpec ForwardSpec(const LinearWeight& weight, size_t rows, GemmType type) {
  const GemmType activations = type == GemmType::kS8 ? GemmType::kU8 : type;
  return {.m = rows, .n = weight.out, .k = weight.in, .transpose_b = true, .a = activations, .b = type};
}

// Returns memory for n integers, as bytes if the CPU has units for them.
Status GetWholeNumbers(const Arithmetic& arithmetic, Slot slot, size_t n, Scratch* scratch, WholeNumbers* q) {
  if (arithmetic.operands == GemmType::kS8) return scratch->Get(slot, n, "int8 operand", &q->bytes);
  return scratch->Get(slot, n, "quantised operand", &q->floats);
}

const void* Data(const WholeNumbers& q) { return q.bytes != nullptr ? static_cast<const void*>(q.bytes) : q.floats; }

Status Run(GemmSpec spec, GemmOperands operands, const PackedB* packed, Scratch* scratch) {
  spec.external_scratchpad = true;
  std::shared_ptr<const Gemm> product;
  if (Status s = CachedGemm(spec, packed, &product); !s.ok()) return s;
  uint8_t* pad;
  if (Status s = scratch->Get(kProduct, product->scratchpad_bytes(), "oneDNN", &pad); !s.ok()) return s;
  operands.scratchpad = pad;
  return product->Run(operands, packed);
}

// Returns the operand of a product for x or, if that is null, for its rounded copy x16. If the type already matches,
// this is the input itself.
Status Operand(float* x, uint16_t* x16, size_t n, size_t room, const Arithmetic& arithmetic, Slot slot,
               Scratch* scratch, void** operand) {
  *operand = x16 != nullptr ? static_cast<void*>(x16) : x;
  if (!arithmetic.rounded) return Status::Ok();
  if (arithmetic.operands == GemmType::kBf16) {
    if (x16 != nullptr) return Status::Ok();
    uint16_t* rounded;
    if (Status s = scratch->Get(slot, room, "bf16 activations", &rounded); !s.ok()) return s;
    float_to_bf16_cpu(x, rounded, n);
    *operand = rounded;
    return Status::Ok();
  }
  float* floats;
  if (Status s = scratch->Get(slot, room, "rounded activations", &floats); !s.ok()) return s;
  x16 != nullptr ? bf16_to_float_cpu(x16, floats, n) : round_to_bf16_cpu(x, floats, n);
  *operand = floats;
  return Status::Ok();
}

Status ForwardInt8(const LinearWeight& weight, const LinearForwardArgs& args, const Arithmetic& arithmetic) {
  const auto& packed = static_cast<const CpuPackedWeight&>(*weight.packed);
  const size_t padded = PaddedRows(args.rows);
  float* steps;
  if (Status s = args.scratch->Get(kFloats, 2 * args.rows, "activation steps", &steps); !s.ok()) return s;
  float* zeros = steps + args.rows;
  WholeNumbers x;
  if (Status s = GetWholeNumbers(arithmetic, kLeft, padded * weight.in, args.scratch, &x); !s.ok()) return s;
  quantize_activations_cpu(args.x, args.rows, weight.in, x, steps, zeros);
  const GemmSpec spec = ForwardSpec(weight, padded, arithmetic.operands);
  if (Status s = Run(spec, {.a = Data(x), .c = args.y}, &packed.b, args.scratch); !s.ok()) return s;
  dequantize_cpu({.y = args.y,
                  .rows = args.rows,
                  .cols = weight.out,
                  .row_steps = steps,
                  .row_zeros = zeros,
                  .column_steps = packed.steps.data(),
                  .column_sums = packed.sums.data(),
                  .bias = weight.bias,
                  .addend = args.residual,
                  .gelu = args.gelu});
  return Status::Ok();
}

// dx or dx16 = dy w
Status InputGradient(const LinearWeight& weight, const LinearBackwardArgs& args, const Arithmetic& arithmetic,
                     const void* dy) {
  const bool native = arithmetic.operands == GemmType::kBf16;
  const size_t padded = PaddedRows(args.rows), weights = weight.out * weight.in;
  void* w;
  if (Status s = Operand(const_cast<float*>(weight.w), native ? const_cast<uint16_t*>(weight.w16) : nullptr, weights,
                         weights, arithmetic, kRight, args.scratch, &w);
      !s.ok()) {
    return s;
  }
  GemmSpec spec{.m = padded,
                .n = weight.in,
                .k = weight.out,
                .a = arithmetic.operands,
                .b = arithmetic.operands,
                .accumulate = args.accumulate_dx};
  float* floats = args.dx;
  void* dx = floats;
  if (args.dx16 != nullptr && native) {
    spec.c = GemmType::kBf16;
    dx = args.dx16;
  } else if (args.dx16 != nullptr) {
    if (Status s = args.scratch->Get(kFloats, padded * weight.in, "gradients", &floats); !s.ok()) return s;
    dx = floats;
  }
  if (Status s = Run(spec, {.a = dy, .b = w, .c = dx}, nullptr, args.scratch); !s.ok()) return s;
  if (args.dx16 != nullptr && !native) float_to_bf16_cpu(floats, args.dx16, args.rows * weight.in);
  return Status::Ok();
}

}  // namespace

Status pack_weight_cpu(const LinearWeight& weight, Precision precision, Scratch* scratch,
                       std::unique_ptr<PackedWeight>* packed) {
  if (!*packed) *packed = std::make_unique<CpuPackedWeight>();
  auto& target = static_cast<CpuPackedWeight&>(**packed);
  const Arithmetic arithmetic(precision);
  const size_t n = weight.out * weight.in;
  const void* source = arithmetic.operands == GemmType::kBf16 ? static_cast<const void*>(weight.w16) : weight.w;
  if (arithmetic.quantized) {
    if (Status s = target.steps.Reserve(weight.out, "weight steps"); !s.ok()) return s;
    if (Status s = target.sums.Reserve(weight.out, "weight sums"); !s.ok()) return s;
    WholeNumbers q;
    if (Status s = GetWholeNumbers(arithmetic, kRight, n, scratch, &q); !s.ok()) return s;
    quantize_weights_cpu(weight.w, weight.out, weight.in, q, target.steps.data(), target.sums.data());
    source = Data(q);
  } else if (arithmetic.rounded && arithmetic.operands == GemmType::kF32) {
    float* floats;
    if (Status s = scratch->Get(kRight, n, "rounded weights", &floats); !s.ok()) return s;
    round_to_bf16_cpu(weight.w, floats, n);
    source = floats;
  }
  return target.b.Pack(ForwardSpec(weight, 0, arithmetic.operands), source);
}

Status linear_forward_cpu(const LinearWeight& weight, const LinearForwardArgs& args) {
  const Arithmetic arithmetic(args.precision);
  if (arithmetic.quantized) return ForwardInt8(weight, args, arithmetic);
  const size_t padded = PaddedRows(args.rows), outputs = args.rows * weight.out;
  const bool writes_bf16 = args.y16 != nullptr && arithmetic.operands == GemmType::kBf16;
  GemmSpec spec = ForwardSpec(weight, padded, arithmetic.operands);
  spec.bias = weight.bias != nullptr;
  spec.gelu = args.gelu;
  spec.addend = args.residual != nullptr;
  if (writes_bf16) spec.c = GemmType::kBf16;

  void* x;
  if (Status s = Operand(const_cast<float*>(args.x), const_cast<uint16_t*>(args.x16), args.rows * weight.in,
                         padded * weight.in, arithmetic, kLeft, args.scratch, &x);
      !s.ok()) {
    return s;
  }
  float* floats = args.y;
  if (args.y16 != nullptr && !writes_bf16) {
    if (Status s = args.scratch->Get(kFloats, padded * weight.out, "products", &floats); !s.ok()) return s;
  }
  const GemmOperands operands{
      .a = x, .c = writes_bf16 ? static_cast<void*>(args.y16) : floats, .bias = weight.bias, .addend = args.residual};
  const auto& packed = static_cast<const CpuPackedWeight&>(*weight.packed);
  if (Status s = Run(spec, operands, &packed.b, args.scratch); !s.ok()) return s;
  if (args.y16 != nullptr && !writes_bf16) float_to_bf16_cpu(floats, args.y16, outputs);
  return Status::Ok();
}

Status linear_backward_cpu(const LinearWeight& weight, const LinearBackwardArgs& args) {
  const Arithmetic arithmetic(args.precision);
  const GemmType type = arithmetic.operands;
  const bool native = type == GemmType::kBf16;
  const size_t padded = PaddedRows(args.rows), entry = native ? sizeof(uint16_t) : sizeof(float);
  // Padding rows must add nothing to the sums over rows.
  const auto clear = [&](void* operand, size_t cols) {
    uint8_t* begin = static_cast<uint8_t*>(operand);
    std::fill(begin + args.rows * cols * entry, begin + padded * cols * entry, uint8_t{0});
  };
  void* dy;
  if (Status s = Operand(args.dy, args.dy16, args.rows * weight.out, padded * weight.out, arithmetic, kLeft,
                         args.scratch, &dy);
      !s.ok()) {
    return s;
  }
  clear(dy, weight.out);
  if (args.dx != nullptr || args.dx16 != nullptr) {
    if (Status s = InputGradient(weight, args, arithmetic, dy); !s.ok()) return s;
  }
  if (args.dw != nullptr) {
    void* x;
    if (Status s =
            Operand(args.x, args.x16, args.rows * weight.in, padded * weight.in, arithmetic, kRight, args.scratch, &x);
        !s.ok()) {
      return s;
    }
    clear(x, weight.in);
    const GemmSpec spec{
        .m = weight.out, .n = weight.in, .k = padded, .transpose_a = true, .a = type, .b = type, .accumulate = true};
    if (Status s = Run(spec, {.a = dy, .b = x, .c = args.dw}, nullptr, args.scratch); !s.ok()) return s;
  }
  if (args.db != nullptr) {
    float* partial;
    if (Status s = args.scratch->Get(kFloats, kSumBlocks * weight.out, "bias gradients", &partial); !s.ok()) return s;
    add_column_sums_cpu({args.dy16 == nullptr ? args.dy : nullptr, args.dy16}, args.rows, weight.out, args.db, partial);
  }
  return Status::Ok();
}

}  // namespace univar
