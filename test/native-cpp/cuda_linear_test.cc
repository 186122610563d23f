// The affine map of the CUDA backend and its gradients, run on the host and compared with double precision.
#include "cuda/encoder/linear.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "check.h"

namespace univar::cuda {
namespace {

// float32 values and the same values in bf16. The bf16 memory starts at a multiple of 16 bytes.
struct Values {
  std::vector<float> f32;
  std::vector<Piece> pieces;
  Bf16* bf16() { return pieces[0].values; }
  double At(size_t i, bool rounded) const { return rounded ? FromBf16(pieces[i / 8].values[i % 8]) : f32[i]; }
};
Values MakeValues(size_t size, uint64_t seed) {
  check::Random random(seed);
  Values values{std::vector<float>(size), std::vector<Piece>(size / 8 + 1)};
  for (size_t i = 0; i < size; ++i) {
    values.f32[i] = static_cast<float>(random.Uniform());
    values.bf16()[i] = ToBf16(values.f32[i]);
  }
  return values;
}

// A host machine with a library that multiplies in loops and fails for products that cuBLASLt does not support.
class LibraryMachine : public HostMachine {
 public:
  static constexpr bool HasLibrary() { return true; }
  Status MultiplyByLibrary(const LtProduct& p, bool* done) {
    if (p.rounded && p.bias != nullptr)
      return Status::Error(Code::kInternal, "The library does not add float32 to bf16");
    for (size_t i = 0; i < p.m; ++i) {
      for (size_t j = 0; j < p.n; ++j) {
        const size_t at = i * p.ldc + j;
        double sum = p.bias == nullptr ? 0.0 : p.bias[j];
        if (p.addend != nullptr) sum += static_cast<const float*>(p.addend)[at];
        for (size_t k = 0; k < p.k; ++k)
          sum += static_cast<double>(FromBf16(p.a[p.transpose_a ? k * p.lda + i : i * p.lda + k])) *
                 FromBf16(p.b[p.transpose_b ? j * p.ldb + k : k * p.ldb + j]);
        if (p.rounded)
          static_cast<Bf16*>(p.c)[at] = ToBf16(static_cast<float>(sum));
        else
          static_cast<float*>(p.c)[at] = static_cast<float>(sum);
      }
    }
    ++products;
    *done = true;
    return Status::Ok();
  }
  size_t products = 0;
};

struct Case {
  size_t rows, out, in;
  bool bf16;    // precision
  bool halves;  // activations are given as bf16
  std::string name() const {
    return std::to_string(rows) + " x " + std::to_string(out) + " x " + std::to_string(in) + (bf16 ? " bf16" : " f32") +
           (halves ? " halves" : "");
  }
};

// Returns the largest error of `actual`, relative to the largest entry.
template <typename Actual, typename Expected>
double Error(size_t size, const Actual& actual, const Expected& expected) {
  double largest = 1e-30, error = 0.0;
  for (size_t i = 0; i < size; ++i) {
    const double difference = std::fabs(actual(i) - expected(i));
    error = std::isfinite(difference) ? std::max(error, difference) : INFINITY;
    largest = std::max(largest, std::fabs(expected(i)));
  }
  return error / largest;
}

constexpr double kFloatError = 2e-6, kHalfError = 4.1e-3;

template <class Machine>
void Forward(const Case& test) {
  const auto& [rows, out, in, bf16, halves] = test;
  const std::string name = test.name() + (Machine::HasLibrary() ? ", library" : "");
  Values x = MakeValues(rows * in, 1), w = MakeValues(out * in, 2);
  const Values bias = MakeValues(out, 3), residual = MakeValues(rows * out, 4);
  const LinearWeight weight{.w = w.f32.data(), .w16 = w.bf16(), .bias = bias.f32.data(), .out = out, .in = in};
  std::vector<double> sums(rows * out);
  for (size_t i = 0; i < rows; ++i)
    for (size_t j = 0; j < out; ++j)
      for (size_t k = 0; k < in; ++k) sums[i * out + j] += x.At(i * in + k, bf16) * w.At(j * in + k, bf16);

  for (const int kind : {0, 1, 2}) {  // plain, gelu, residual
    Machine machine;
    std::vector<float> y(rows * out, NAN);
    std::vector<Bf16> y16(rows * out, 0x7FC0);
    const bool to_half = bf16 && kind == 1;
    const Status status = LinearForward(machine, weight,
                                        {.x = halves ? nullptr : x.f32.data(),
                                         .x16 = halves ? x.bf16() : nullptr,
                                         .y = to_half ? nullptr : y.data(),
                                         .y16 = to_half ? y16.data() : nullptr,
                                         .residual = kind == 2 ? residual.f32.data() : nullptr,
                                         .gelu = kind == 1,
                                         .rows = rows,
                                         .precision = bf16 ? Precision::kBf16 : Precision::kF32});
    const auto expected = [&](size_t i) {
      const double value = sums[i] + bias.f32[i % out];
      if (kind == 1) return value / 2 * std::erfc(-value / std::sqrt(2.0));
      return kind == 2 ? value + residual.f32[i] : value;
    };
    const auto actual = [&](size_t i) { return static_cast<double>(to_half ? FromBf16(y16[i]) : y[i]); };
    check::That(status.ok(), "forward runs " + name, status.message());
    if constexpr (Machine::HasLibrary())
      check::That(machine.products == (bf16 ? 1 : 0), "the library multiplies bf16 " + name);
    check::AtMost(Error(rows * out, actual, expected), to_half ? kHalfError : kFloatError,
                  "forward " + std::to_string(kind) + " " + name);
  }
}

template <class Machine>
void Backward(const Case& test) {
  const auto& [rows, out, in, bf16, halves] = test;
  const std::string name = test.name() + (Machine::HasLibrary() ? ", library" : "");
  Values x = MakeValues(rows * in, 5), dy = MakeValues(rows * out, 6), w = MakeValues(out * in, 7);
  const Values before = MakeValues(std::max(rows, out) * in + out, 8);
  const LinearWeight weight{.w = w.f32.data(), .w16 = w.bf16(), .out = out, .in = in};
  std::vector<double> dx(rows * in), dw(out * in), db(out);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < out; ++j) {
      const double g = dy.At(i * out + j, bf16);
      // Bias gradients need no product, so they use the unrounded operand.
      db[j] += dy.At(i * out + j, halves);
      for (size_t k = 0; k < in; ++k) {
        dx[i * in + k] += g * w.At(j * in + k, bf16);
        dw[j * in + k] += g * x.At(i * in + k, bf16);
      }
    }
  }
  for (const bool accumulate : {false, true}) {
    Machine machine;
    std::vector<float> to_x(before.f32.begin(), before.f32.begin() + static_cast<long>(rows * in));
    std::vector<float> to_w(before.f32.begin(), before.f32.begin() + static_cast<long>(out * in));
    std::vector<float> to_b(before.f32.begin(), before.f32.begin() + static_cast<long>(out));
    std::vector<Bf16> to_x16(rows * in, 0x7FC0);
    if (!accumulate) std::fill(to_x.begin(), to_x.end(), NAN);
    const bool to_half = bf16 && !accumulate;
    const Status status = LinearBackward(machine, weight,
                                         {.x = halves ? nullptr : x.f32.data(),
                                          .x16 = halves ? x.bf16() : nullptr,
                                          .dy = halves ? nullptr : dy.f32.data(),
                                          .dy16 = halves ? dy.bf16() : nullptr,
                                          .rows = rows,
                                          .dx = to_half ? nullptr : to_x.data(),
                                          .dx16 = to_half ? to_x16.data() : nullptr,
                                          .accumulate_dx = accumulate,
                                          .dw = to_w.data(),
                                          .db = to_b.data(),
                                          .precision = bf16 ? Precision::kBf16 : Precision::kF32});
    check::That(status.ok(), "backward runs " + name, status.message());
    const auto plus = [&](const std::vector<double>& sums, bool adds) {
      return [&sums, adds, &before](size_t i) { return sums[i] + (adds ? before.f32[i] : 0.0); };
    };
    const auto of_x = [&](size_t i) { return static_cast<double>(to_half ? FromBf16(to_x16[i]) : to_x[i]); };
    check::AtMost(Error(dx.size(), of_x, plus(dx, accumulate)), to_half ? kHalfError : kFloatError, "dx " + name);
    check::AtMost(Error(
                      dw.size(), [&](size_t i) { return static_cast<double>(to_w[i]); }, plus(dw, true)),
                  kFloatError, "dw " + name);
    check::AtMost(Error(
                      db.size(), [&](size_t i) { return static_cast<double>(to_b[i]); }, plus(db, true)),
                  kFloatError, "db " + name);
  }
}

void Splits() {
  check::That(SplitDepth(100, 1) == 0, "few rows are not split");
  check::That(SplitDepth(16384, 300) == 0, "enough tiles are not split");
  for (const size_t rows : {1024, 1500, 16384, 100001}) {
    for (const size_t tiles : {1, 9, 100}) {
      const size_t depth = SplitDepth(rows, tiles);
      check::That(depth % 32 == 0 && depth < rows && depth * kWantedTiles >= rows,
                  "depth of " + std::to_string(rows) + " rows, " + std::to_string(tiles) + " tiles");
    }
  }
}

}  // namespace
}  // namespace univar::cuda

int main() {
  using namespace univar::cuda;
  Splits();
  // bf16 rows of odd length cannot be read in pieces. 1,100 rows of a small weight are split.
  for (const auto& [rows, out, in] :
       {std::array<size_t, 3>{1, 1, 1}, {3, 5, 7}, {65, 129, 24}, {33, 16, 130}, {1100, 20, 40}, {1027, 9, 33}}) {
    for (const auto& [bf16, halves] : {std::pair{false, false}, {true, false}, {true, true}}) {
      Forward<HostMachine>({rows, out, in, bf16, halves});
      Backward<HostMachine>({rows, out, in, bf16, halves});
      Forward<LibraryMachine>({rows, out, in, bf16, halves});
      Backward<LibraryMachine>({rows, out, in, bf16, halves});
    }
  }
  return check::Finish();
}
