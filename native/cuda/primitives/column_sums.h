// Computes to[j] += sum_i term(i, j) over the rows of a matrix, in double precision. Rows are split into pieces, so
// that many multiprocessors work, and a second launch adds the sums of the pieces. A struct defines the terms:
//
//   static constexpr int kSums                                   sums per column
//   void Add(size_t row, size_t column, double* sums) const      adds the terms of one row
#pragma once

#include "cuda/primitives/elementwise.h"

namespace univar::cuda {

inline constexpr size_t kMaxPieces = 128;
inline constexpr size_t kMinPieceRows = 64;

// One block per piece of `height` rows and strip of kColumns columns. output.Take(piece, sum, column, value) receives
// the sums.
template <class Terms, class Output>
struct SumColumns {
  static constexpr int kColumns = 32, kLanes = 8;  // a warp reads a row
  static constexpr int kThreads = kColumns * kLanes;
  static constexpr int kSums = Terms::kSums;
  Terms terms;
  Output output;
  size_t rows, cols, height;
  static size_t shared_bytes() { return SharedBytes<double>(kSums * kThreads); }
  size_t blocks() const { return CeilDivide(rows, height) * CeilDivide(cols, kColumns); }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    const size_t strips = CeilDivide(cols, kColumns);
    const size_t piece = block.index() / strips, first = block.index() % strips * kColumns;
    const size_t begin = piece * height, end = Min(rows, begin + height);
    double* lanes = block.template Shared<double>(kSums * kThreads);
    block.Each([&](int t) {
      const size_t column = first + t % kColumns;
      if (column >= cols) return;
      double sums[kSums] = {};
      for (size_t row = begin + t / kColumns; row < end; row += kLanes) terms.Add(row, column, sums);
      for (int s = 0; s < kSums; ++s) lanes[s * kThreads + t] = sums[s];
    });
    block.Each([&](int t) {
      if (t >= kColumns || first + t >= cols) return;
      for (int s = 0; s < kSums; ++s) {
        double sum = 0.0;
        for (int lane = 0; lane < kLanes; ++lane) sum += lanes[s * kThreads + lane * kColumns + t];
        output.Take(piece, s, first + t, sum);
      }
    });
  }
};

// Output of the first launch and terms of the second: [pieces, sums, cols].
template <int kCount>
struct SumsOfPieces {
  static constexpr int kSums = kCount;
  double* values;
  size_t cols;
  UNIVAR_HD double& At(size_t piece, int s, size_t column) const { return values[(piece * kSums + s) * cols + column]; }
  UNIVAR_HD void Take(size_t piece, int s, size_t column, double value) const { At(piece, s, column) = value; }
  UNIVAR_HD void Add(size_t piece, size_t column, double* sums) const {
    for (int s = 0; s < kSums; ++s) sums[s] += At(piece, s, column);
  }
};

template <int kSums>
struct AddTo {
  float* to[kSums];
  UNIVAR_HD void Take(size_t, int s, size_t column, double value) const {
    to[s][column] = static_cast<float>(to[s][column] + value);
  }
};

// Uses Scratch.
template <class Machine, class Terms>
Status AddColumnTerms(Machine& machine, const Terms& terms, size_t rows, size_t cols, const AddTo<Terms::kSums>& to) {
  if (rows == 0) return Status::Ok();
  const size_t height = Max(kMinPieceRows, CeilDivide(rows, kMaxPieces)), pieces = CeilDivide(rows, height);
  using Pieces = SumsOfPieces<Terms::kSums>;
  Pieces partial{nullptr, cols};
  UNIVAR_TRY(machine.Scratch(pieces * Terms::kSums * cols, "sums of columns", &partial.values));
  const SumColumns<Terms, Pieces> first{terms, partial, rows, cols, height};
  UNIVAR_TRY(machine.Launch(first, first.blocks()));
  const SumColumns<Pieces, AddTo<Terms::kSums>> second{partial, to, pieces, cols, pieces};
  return machine.Launch(second, second.blocks());
}

struct EntryTerms {
  static constexpr int kSums = 1;
  ActivationInput x;
  size_t cols;
  UNIVAR_HD void Add(size_t row, size_t column, double* sums) const { sums[0] += Load(x, row * cols + column); }
};

// sums[j] += sum_i x[i][j] of float32 or bf16 rows. One of the two is null.
template <class Machine>
Status AddColumnSums(Machine& machine, const float* x, const uint16_t* x16, size_t rows, size_t cols, float* sums) {
  return AddColumnTerms(machine, EntryTerms{{x, x16}, cols}, rows, cols, AddTo<1>{{sums}});
}

}  // namespace univar::cuda
