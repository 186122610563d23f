// The affine map and its gradients on a machine, see ops/linear.h. Rows are not padded.
#pragma once

#include "core/try.h"
#include "cuda/gemm/product.h"
#include "cuda/machine/machine.h"
#include "cuda/primitives/column_sums.h"
#include "cuda/primitives/elementwise.h"
#include "ops/linear.h"

namespace univar::cuda {

inline constexpr size_t kWantedTiles = 256;    // to keep a device busy
inline constexpr size_t kMinSplitDepth = 512;  // rows; fewer are not worth a pass over partial sums

// Returns how the gradient of a weight is split along the rows, see GemmShape::split_depth.
inline size_t SplitDepth(size_t rows, size_t tiles) {
  const size_t splits = Min(CeilDivide(kWantedTiles, Max(tiles, 1)), rows / kMinSplitDepth);
  return splits <= 1 ? 0 : RoundUp(CeilDivide(rows, splits), 32);
}

// Parts of one piece of scratch memory.
class ScratchParts {
 public:
  template <typename T>
  size_t Add(size_t count) {
    const size_t at = bytes_;
    bytes_ += RoundUp(count * sizeof(T), 64);
    return at;
  }
  template <class Machine>
  Status Take(Machine& machine, const char* what) {
    return machine.Scratch(bytes_, what, &memory_);
  }
  template <typename T>
  T* At(size_t part) const {
    return reinterpret_cast<T*>(memory_ + part);
  }

 private:
  size_t bytes_ = 0;
  unsigned char* memory_ = nullptr;
};

// Creates rounded copies, in scratch memory, of float32 operands of a bf16 product.
template <class Machine>
class RoundedOperands {
 public:
  explicit RoundedOperands(Machine* machine) : machine_(*machine) {}

  // Must be called before Round; `parts.Take` is called between the two.
  void Plan(const Operand& operand, size_t size, ScratchParts* parts) {
    if (operand.bf16 == nullptr) at_ = parts->template Add<Bf16>(size);
  }
  Status Round(Operand* operand, size_t size, const ScratchParts& parts) {
    if (operand->bf16 != nullptr) return Status::Ok();
    Bf16* rounded = parts.template At<Bf16>(at_);
    UNIVAR_TRY(RoundBf16(machine_, operand->f32, rounded, size));
    operand->bf16 = rounded;
    return Status::Ok();
  }

 private:
  Machine& machine_;
  size_t at_ = 0;
};

// The steps that the library does not apply to its sums.
struct FinishElement {
  static constexpr size_t kEach = 8;
  const float* sums;
  float* y;
  GemmShape shape;
  Epilogue epilogue;
  UNIVAR_HD void operator()(size_t row, size_t column) const {
    epilogue.Store(sums[row * shape.ldc + column], row, column, y, shape);
  }
};

template <class Machine>
Status LinearForward(Machine& machine, const LinearWeight& weight, const LinearForwardArgs& args) {
  const bool bf16 = args.precision == Precision::kBf16;
  const GemmShape shape{args.rows, weight.out, weight.in, weight.in, weight.in, weight.out, false};
  const Epilogue epilogue{weight.bias, args.gelu, args.residual, args.y16};
  const Operand w{weight.w, weight.w16};
  Operand x{args.x, args.x16};
  if (!bf16) return Multiply<false, true>(machine, false, x, w, args.y, shape, epilogue);

  // A library product and a pass over its sums take less time than a product with our kernel.
  const bool in_two = Machine::HasLibrary() && !LibraryKnows(shape, epilogue);
  ScratchParts parts;
  RoundedOperands<Machine> rounded(&machine);
  rounded.Plan(x, args.rows * weight.in, &parts);
  const size_t sums = in_two ? parts.Add<float>(args.rows * weight.out) : 0;
  UNIVAR_TRY(parts.Take(machine, "rounded activations and sums"));
  UNIVAR_TRY(rounded.Round(&x, args.rows * weight.in, parts));
  if (!in_two) return Multiply<false, true>(machine, true, x, w, args.y, shape, epilogue);
  UNIVAR_TRY((Multiply<false, true>(machine, true, x, w, parts.At<float>(sums), shape)));
  return ForEach(machine, FinishElement{parts.At<float>(sums), args.y, shape, epilogue}, args.rows, weight.out);
}

template <class Machine>
class LinearBackwardDriver {
 public:
  LinearBackwardDriver(Machine* machine, const LinearWeight& weight, const LinearBackwardArgs& args)
      : machine_(*machine),
        weight_(weight),
        args_(args),
        bf16_(args.precision == Precision::kBf16),
        dy_{args.dy, args.dy16},
        x_{args.x, args.x16},
        split_depth_(bf16_ && Machine::HasLibrary()
                         ? 0  // the library splits the product itself
                         : SplitDepth(args.rows, CeilDivide(weight.out, 128) * CeilDivide(weight.in, 128))) {}

  Status Run() {
    // This comes first, because it uses Scratch itself.
    if (args_.db != nullptr)
      UNIVAR_TRY(AddColumnSums(machine_, args_.dy, args_.dy16, args_.rows, weight_.out, args_.db));
    UNIVAR_TRY(Prepare());
    if (args_.dx != nullptr || args_.dx16 != nullptr) UNIVAR_TRY(InputGradient());
    return args_.dw == nullptr ? Status::Ok() : WeightGradient();
  }

 private:
  Status Prepare() {
    ScratchParts parts;
    RoundedOperands<Machine> dy(&machine_), x(&machine_);
    const size_t dy_size = args_.rows * weight_.out, x_size = args_.rows * weight_.in;
    const bool needs_x = bf16_ && args_.dw != nullptr;
    const bool splits = args_.dw != nullptr && split_depth_ != 0;
    if (bf16_) dy.Plan(dy_, dy_size, &parts);
    if (needs_x) x.Plan(x_, x_size, &parts);
    const size_t partial =
        splits ? parts.Add<float>(CeilDivide(args_.rows, split_depth_) * weight_.out * weight_.in) : 0;
    UNIVAR_TRY(parts.Take(machine_, "operands and partial sums of a gradient"));
    if (bf16_) UNIVAR_TRY(dy.Round(&dy_, dy_size, parts));
    if (needs_x) UNIVAR_TRY(x.Round(&x_, x_size, parts));
    if (splits) partial_ = parts.At<float>(partial);
    return Status::Ok();
  }

  Status InputGradient() {
    const GemmShape shape{args_.rows, weight_.in, weight_.out,        weight_.out,
                          weight_.in, weight_.in, args_.accumulate_dx};
    const Epilogue epilogue{.rounded = args_.dx16};
    return Multiply<false, false>(machine_, bf16_, dy_, {weight_.w, weight_.w16}, args_.dx, shape, epilogue);
  }

  Status WeightGradient() {
    GemmShape shape{weight_.out, weight_.in, args_.rows, weight_.out, weight_.in, weight_.in, partial_ == nullptr};
    if (partial_ == nullptr) return Multiply<true, false>(machine_, bf16_, dy_, x_, args_.dw, shape);
    shape.split_depth = split_depth_;
    UNIVAR_TRY((Multiply<true, false>(machine_, bf16_, dy_, x_, partial_, shape)));
    const AddSplits add{partial_, args_.dw, weight_.out * weight_.in, shape.splits()};
    return machine_.Launch(add, add.blocks());
  }

  Machine& machine_;
  const LinearWeight& weight_;
  const LinearBackwardArgs& args_;
  const bool bf16_;
  Operand dy_, x_;
  const size_t split_depth_;  // 0: products are added to the gradient in place
  float* partial_ = nullptr;
};

template <class Machine>
Status LinearBackward(Machine& machine, const LinearWeight& weight, const LinearBackwardArgs& args) {
  return LinearBackwardDriver<Machine>(&machine, weight, args).Run();
}

}  // namespace univar::cuda
