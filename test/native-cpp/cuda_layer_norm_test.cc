// Layer normalisation and column sums of the CUDA backend, run on the host.
#include <algorithm>

#include "cuda/encoder/layer_norm.h"
#include "vectors.h"

namespace univar::cuda {
namespace {

using check::RelativeError;
using check::Size;
using check::Vector;
using Floats = std::vector<float>;
using Doubles = std::vector<double>;

const std::pair<size_t, size_t> kSizes[] = {{1, 1},   {3, 2},   {5, 32},  {7, 33},   {2, 128}, {3, 129},
                                            {2, 384}, {2, 512}, {3, 513}, {2, 1000}, {1, 3000}};

bool AreRounded(const std::vector<Bf16>& rounded, const Floats& from) {
  return std::equal(rounded.begin(), rounded.end(), from.begin(), from.end(),
                    [](Bf16 a, float b) { return a == ToBf16(b); });
}

struct Normed {
  Floats sum, mean, rstd, y;
};

// Checks the forward pass on rows with entries close to `offset`, and returns the results that backward needs.
Normed Forward(size_t rows, size_t cols, double offset, bool residual) {
  const double epsilon = 1e-5;
  const Floats x = Vector(rows * cols, rows + cols, 1.0, offset), r = Vector(rows * cols, cols);
  const Floats w = Vector(cols, 3), b = Vector(cols, 4);
  Normed out{Floats(rows * cols, NAN), Floats(rows, NAN), Floats(rows, NAN), Floats(rows * cols, NAN)};
  std::vector<Bf16> y16(rows * cols);
  LayerNormForwardArgs args;
  args.x = {x.data(), rows, cols};
  args.residual = residual ? r.data() : nullptr;
  args.weight = w.data();
  args.bias = b.data();
  args.epsilon = epsilon;
  args.sum = out.sum.data();
  args.mean = out.mean.data();
  args.rstd = out.rstd.data();
  args.y = out.y.data();
  args.y16 = y16.data();
  HostMachine machine;
  const std::string name = Size(rows, cols) + " at " + std::to_string(offset) + (residual ? " with residual" : "");
  check::That(LayerNormForward(machine, args).ok(), "layer norm runs, " + name);

  bool added = true;
  Doubles mean(rows), rstd(rows), y(rows * cols);
  for (size_t i = 0; i < rows; ++i) {
    const float* s = out.sum.data() + i * cols;
    double variance = 0.0;
    for (size_t j = 0; j < cols; ++j) {
      added &= s[j] == (residual ? x[i * cols + j] + r[i * cols + j] : x[i * cols + j]);
      mean[i] += s[j] / static_cast<double>(cols);
    }
    for (size_t j = 0; j < cols; ++j) variance += (s[j] - mean[i]) * (s[j] - mean[i]) / static_cast<double>(cols);
    rstd[i] = 1.0 / std::sqrt(variance + epsilon);
    for (size_t j = 0; j < cols; ++j) y[i * cols + j] = (s[j] - mean[i]) * rstd[i] * w[j] + b[j];
  }
  check::That(added, "sum of layer norm, " + name);
  check::AtMost(RelativeError(out.mean, mean, 1.0), 2e-7, "mean, " + name);
  check::AtMost(RelativeError(out.rstd, rstd, 0.0), 1e-6, "rstd, " + name);
  check::AtMost(RelativeError(out.y, y, 1.0), 1e-6, "layer norm, " + name);
  check::That(AreRounded(y16, out.y), "layer norm in bf16, " + name);

  // The same in place, with only bf16 results.
  Floats again = out.sum;
  std::vector<Bf16> again16(rows * cols);
  args.x = {again.data(), rows, cols};
  args.residual = nullptr;
  args.sum = again.data();
  args.mean = args.rstd = args.y = nullptr;
  args.y16 = again16.data();
  const Status status = LayerNormForward(machine, args);
  check::That(status.ok() && again == out.sum && again16 == y16, "layer norm in place, " + name, status.message());
  return out;
}

void Backward(const Normed& forward, size_t rows, size_t cols) {
  const Floats dy = Vector(rows * cols, rows * 7 + cols), w = Vector(cols, 3);
  Floats dsum(rows * cols, NAN), dw(cols, 0.5f), db(cols, -0.25f);
  std::vector<Bf16> dsum16(rows * cols);
  LayerNormBackwardArgs args;
  args.dy = {dy.data(), rows, cols};
  args.sum = forward.sum.data();
  args.mean = forward.mean.data();
  args.rstd = forward.rstd.data();
  args.weight = w.data();
  args.dsum = dsum.data();
  args.dsum16 = dsum16.data();
  args.dweight = dw.data();
  args.dbias = db.data();
  HostMachine machine;
  const std::string name = Size(rows, cols) + " at " + std::to_string(forward.mean[0]);
  check::That(LayerNormBackward(machine, args).ok(), "gradient of layer norm runs, " + name);

  // Relative to rstd, which can be large.
  Floats scaled(rows * cols);
  Doubles ds(rows * cols), expected_dw(cols, 0.5), expected_db(cols, -0.25);
  for (size_t i = 0; i < rows; ++i) {
    const double n = static_cast<double>(cols), mean = forward.mean[i], rstd = forward.rstd[i];
    const auto xhat = [&](size_t j) { return (forward.sum[i * cols + j] - mean) * rstd; };
    double mean_g = 0.0, mean_gx = 0.0;
    for (size_t j = 0; j < cols; ++j) {
      const double g = static_cast<double>(dy[i * cols + j]) * w[j];
      mean_g += g / n;
      mean_gx += g * xhat(j) / n;
      expected_dw[j] += dy[i * cols + j] * xhat(j);
      expected_db[j] += dy[i * cols + j];
    }
    for (size_t j = 0; j < cols; ++j) {
      const size_t at = i * cols + j;
      ds[at] = static_cast<double>(dy[at]) * w[j] - mean_g - xhat(j) * mean_gx;
      scaled[at] = static_cast<float>(dsum[at] / rstd);
    }
  }
  check::AtMost(RelativeError(scaled, ds, 1.0), 1e-6, "gradient of layer norm, " + name);
  check::AtMost(RelativeError(dw, expected_dw, std::sqrt(rows)), 3e-7, "gradient of its weight, " + name);
  check::AtMost(RelativeError(db, expected_db, 1.0), 1e-7, "gradient of its bias, " + name);
  check::That(AreRounded(dsum16, dsum), "gradient in bf16, " + name);

  // The same over dy, and without parameters.
  for (const bool parameters : {true, false}) {
    Floats in_place = dy, dw_again(cols, 0.5f), db_again(cols, -0.25f);
    args.dy.data = args.dsum = in_place.data();
    args.dsum16 = nullptr;
    args.dweight = parameters ? dw_again.data() : nullptr;
    args.dbias = parameters ? db_again.data() : nullptr;
    const Status status = LayerNormBackward(machine, args);
    check::That(status.ok() && in_place == dsum && (!parameters || (dw_again == dw && db_again == db)),
                std::string("gradient over dy ") + (parameters ? "with" : "without") + " parameters, " + name,
                status.message());
  }
}

// The result of a row without variance is the bias, and its gradient is zero.
void ConstantRows() {
  const size_t cols = 384;
  const float value = 12288.5f;  // its sum is exact in float32
  Floats s(cols, value), mean(1), rstd(1), y(cols, NAN), dsum(cols, NAN);
  const Floats w(cols, 1.0f), b = Vector(cols, 4), dy(cols, 1.0f);
  HostMachine machine;
  const LayerNormForwardArgs args{{s.data(), 1, cols}, nullptr,     w.data(), b.data(), 1e-12, s.data(),
                                  mean.data(),         rstd.data(), y.data()};
  const Status forward = LayerNormForward(machine, args);
  check::That(forward.ok() && std::fabs(rstd[0] / 1e6 - 1.0) < 1e-6 && mean[0] == value,
              "statistics of a constant row");
  check::AtMost(RelativeError(y, Doubles(b.begin(), b.end()), 1.0), 1e-6, "constant row");
  const Status backward =
      LayerNormBackward(machine, {{dy.data(), 1, cols}, s.data(), mean.data(), rstd.data(), w.data(), dsum.data()});
  check::That(backward.ok() && dsum == Floats(cols, 0.0f), "gradient of a constant row");
}

void Columns() {
  for (const size_t rows : {0, 1, 7, 64, 65, 1000, 8192, 8200}) {
    for (const size_t cols : {1, 31, 32, 33, 100}) {
      // Far from zero, so that float32 sums would fail the test.
      Floats x = Vector(rows * cols, rows + cols, 1.0, 1000.0);
      std::vector<Bf16> x16(x.size());
      HostMachine machine;
      const Status rounded = RoundBf16(machine, x.data(), x16.data(), x.size());
      check::That(rounded.ok() && AreRounded(x16, x), "rounded " + Size(rows, cols));
      for (const bool bf16 : {false, true}) {
        Floats sums(cols, 0.5f);
        Doubles expected(cols, 0.5);
        for (size_t i = 0; i < x.size(); ++i) expected[i % cols] += bf16 ? FromBf16(x16[i]) : x[i];
        const Status status =
            AddColumnSums(machine, bf16 ? nullptr : x.data(), bf16 ? x16.data() : nullptr, rows, cols, sums.data());
        const std::string name = "column sums " + Size(rows, cols) + (bf16 ? " bf16" : " f32");
        check::That(status.ok(), name + " run", status.message());
        check::AtMost(RelativeError(sums, expected, 0.0), 6e-8, name);
      }
    }
  }
  HostMachine machine;
  machine.limit = 100;
  const Floats x(1000);
  Floats sums(100);
  check::That(AddColumnSums(machine, x.data(), nullptr, 10, 100, sums.data()).code() == Code::kOutOfMemory,
              "column sums without memory");
}

}  // namespace
}  // namespace univar::cuda

int main() {
  using namespace univar::cuda;
  for (const auto& [rows, cols] : kSizes) {
    for (const double offset : {0.0, 1e4}) {
      const Normed kept = Forward(rows, cols, offset, false);
      Backward(kept, rows, cols);
      Forward(rows, cols, offset, true);
    }
  }
  for (const auto& [rows, cols] : {std::pair<size_t, size_t>{65, 40}, {700, 33}, {8300, 3}})
    Backward(Forward(rows, cols, 0.0, true), rows, cols);
  ConstantRows();
  Columns();
  HostMachine machine;
  check::That(LayerNormForward(machine, {}).ok() && LayerNormBackward(machine, {}).ok(), "layer norm of no rows");
  return check::Finish();
}
