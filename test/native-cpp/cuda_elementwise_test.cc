// Activations and the optimiser of the CUDA backend, run on the host.
#include <limits>

#include "cuda/encoder/activation.h"
#include "cuda/encoder/adamw.h"
#include "vectors.h"

namespace univar::cuda {
namespace {

using check::RelativeError;
using check::Size;
using check::Vector;
using Floats = std::vector<float>;
using Doubles = std::vector<double>;

// An operand in either precision. `values` contains its values.
struct Operand {
  bool bf16;
  Floats values;
  std::vector<Bf16> rounded;

  Operand(Floats from, bool in_bf16) : bf16(in_bf16), values(std::move(from)), rounded(values.size()) {
    for (size_t i = 0; bf16 && i < values.size(); ++i) values[i] = FromBf16(rounded[i] = ToBf16(values[i]));
  }
  ActivationInput input() const { return {bf16 ? nullptr : values.data(), bf16 ? rounded.data() : nullptr}; }
};

// A result in both float32 and bf16.
struct Result {
  Floats values;
  std::vector<Bf16> rounded;
  explicit Result(size_t n) : values(n, NAN), rounded(n, ToBf16(NAN)) {}
  ActivationOutput both() { return {values.data(), rounded.data()}; }
  bool agrees() const {
    for (size_t i = 0; i < values.size(); ++i)
      if (rounded[i] != ToBf16(values[i])) return false;
    return true;
  }
};

// Random numbers of about 10 in magnitude, and some special values.
Floats Inputs(size_t n, uint64_t seed) {
  Floats x = Vector(n, seed, 10.0);
  const float special[] = {0.0f, -0.0f, 1e-40f, -1e-6f, -3.9f, 88.5f, -88.5f, 104.0f, -104.0f, 1e15f, -1e15f};
  for (size_t i = 0; i < std::size(special) && 7 * i + 1 < n; ++i) x[7 * i + 1] = special[i];
  return x;
}

// Returns the largest ratio of an entry's error to its allowed error.
double Excess(const Floats& actual, const Doubles& expected, const Doubles& allowed) {
  double largest = 0.0;
  for (size_t i = 0; i < actual.size(); ++i) {
    const double error = std::fabs(actual[i] - expected[i]) / (allowed[i] + 1e-44);
    largest = error <= largest ? largest : std::isnan(error) ? INFINITY : error;
  }
  return largest;
}

void Gelu(size_t n, bool bf16) {
  const Operand x(Inputs(n, n), bf16), dy(Vector(n, n + 1), bf16);
  Result y(n), y_again(n), dx(n);
  HostMachine machine;
  const std::string name = std::to_string(n) + (bf16 ? " bf16" : " f32");
  check::That(GeluForward(machine, x.input(), y.both(), n).ok(), "gelu runs, " + name);
  check::That(GeluBackward(machine, x.input(), dy.input(), dx.both(), y_again.both(), n).ok(),
              "gradient of gelu runs, " + name);
  Doubles expected(n), gradient(n), allowed(n), allowed_gradient(n);
  for (size_t i = 0; i < n; ++i) {
    const double v = x.values[i], phi = 0.5 * std::erfc(-v / std::sqrt(2.0)),
                 density = std::exp(-v * v / 2) / std::sqrt(2 * M_PI);
    expected[i] = v * phi;
    gradient[i] = dy.values[i] * (phi + v * density);
    allowed[i] = 2e-7 * std::fabs(v);
    allowed_gradient[i] = 4e-7 * std::fabs(dy.values[i]);
  }
  check::AtMost(Excess(y.values, expected, allowed), 1.0, "gelu " + name);
  check::AtMost(Excess(dx.values, gradient, allowed_gradient), 1.0, "gradient of gelu " + name);
  check::That(y.values == y_again.values && y_again.agrees(), "backward recomputes gelu " + name);
  check::That(y.agrees() && dx.agrees(), "gelu in bf16 is rounded " + name);

  // Writes only the gradient, over dy.
  Operand over = dy;
  const ActivationOutput to{bf16 ? nullptr : over.values.data(), bf16 ? over.rounded.data() : nullptr};
  const Status status = GeluBackward(machine, x.input(), over.input(), to, {}, n);
  const bool same = bf16 ? over.rounded == dx.rounded : over.values == dx.values;
  check::That(status.ok() && same, "gradient of gelu over dy " + name, status.message());
}

void Swiglu(size_t rows, size_t cols, bool bf16) {
  const size_t n = rows * cols;
  const Operand pair(Inputs(2 * n, n), bf16), dy(Vector(n, n + 1), bf16);
  Result y(n), y_again(n), dpair(2 * n);
  HostMachine machine;
  const std::string name = Size(rows, cols) + (bf16 ? " bf16" : " f32");
  check::That(SwigluForward(machine, pair.input(), y.both(), rows, cols).ok(), "swiglu runs, " + name);
  const Status backward = SwigluBackward(machine, pair.input(), dy.input(), dpair.both(), y_again.both(), rows, cols);
  check::That(backward.ok(), "gradient of swiglu runs, " + name);
  Doubles expected(n), allowed(n), gradient(2 * n), allowed_gradient(2 * n);
  for (size_t i = 0; i < n; ++i) {
    const size_t up = i / cols * 2 * cols + i % cols, gate = up + cols;
    const double u = pair.values[up], g = pair.values[gate], d = dy.values[i], s = 1.0 / (1.0 + std::exp(-g));
    expected[i] = u * g * s;
    gradient[up] = d * g * s;
    gradient[gate] = d * u * s * (1.0 + g * (1.0 - s));
    allowed[i] = 2e-7 * std::fabs(u * g);
    allowed_gradient[up] = 2e-7 * std::fabs(d * g);
    // The error of 1 - s is up to one ulp of 1.
    allowed_gradient[gate] = 4e-7 * std::fabs(d * u) * (1.0 + s * std::fabs(g));
  }
  check::AtMost(Excess(y.values, expected, allowed), 1.0, "swiglu " + name);
  check::AtMost(Excess(dpair.values, gradient, allowed_gradient), 1.0, "gradient of swiglu " + name);
  check::That(y.values == y_again.values && y_again.agrees(), "backward recomputes swiglu " + name);
  check::That(y.agrees() && dpair.agrees(), "swiglu in bf16 is rounded " + name);
}

void RoundedNumbers() {
  for (const size_t n : {0, 1, 1023, 1024, 1025, 3000}) {
    Floats x = Inputs(n, n);
    if (n > 5) {
      x[0] = NAN;
      x[2] = INFINITY;
      x[3] = std::numeric_limits<float>::max();
      x[4] = FloatOf(0x3F808000u);  // half way
    }
    std::vector<Bf16> y(n, 0x1234);
    HostMachine machine;
    bool same = RoundBf16(machine, x.data(), y.data(), n).ok();
    for (size_t i = 0; i < n; ++i) same &= y[i] == ToBf16(x[i]);
    check::That(same, "rounded " + std::to_string(n));
  }
}

void Step(size_t n, int64_t step) {
  AdamWArgs args;
  args.learning_rate = 1e-2;
  args.weight_decay = 0.1;
  args.scale = 0.5;
  args.step = step;
  Floats grad = Vector(n, n), m = Vector(n, n + 1, 0.1), v = Vector(n, n + 2, 0.05, 0.06), w = Vector(n, n + 3);
  if (step == 1) {
    m.assign(n, 0.0f);
    v.assign(n, 0.0f);
  }
  if (n > 2) {
    grad[0] = m[0] = v[0] = 0.0f;
    grad[1] = 1e15f;
  }
  Doubles expected_m(n), expected_v(n), expected_w(n);
  for (size_t i = 0; i < n; ++i) {
    const double g = args.scale * grad[i];
    expected_m[i] = args.beta1 * m[i] + (1 - args.beta1) * g;
    expected_v[i] = args.beta2 * v[i] + (1 - args.beta2) * g * g;
    const double first = expected_m[i] / (1 - std::pow(args.beta1, step)),
                 second = expected_v[i] / (1 - std::pow(args.beta2, step));
    expected_w[i] = w[i] - args.learning_rate * (args.weight_decay * w[i] + first / (std::sqrt(second) + args.epsilon));
  }
  HostMachine machine;
  const std::string name = "of " + std::to_string(n) + " at step " + std::to_string(step);
  check::That(AdamW(machine, args, grad.data(), m.data(), v.data(), w.data(), n).ok(), "AdamW runs " + name);
  check::AtMost(RelativeError(m, expected_m, 0.1), 3e-7, "first moment " + name);
  check::AtMost(RelativeError(v, expected_v, 0.0), 3e-7, "second moment " + name);
  check::AtMost(RelativeError(w, expected_w, 0.1), 3e-7, "weights " + name);
}

void Norms() {
  for (const size_t n : {0, 1, 255, 16383, 16384, 16385, 100000}) {
    for (const int exponent : {-30, 0, 30}) {  // with squares outside the range of float32
      const Floats x = Vector(n, n + 5, std::pow(10.0, exponent));
      long double expected = 0;
      for (const float value : x) expected += static_cast<long double>(value) * value;
      HostMachine machine;
      double sum = NAN;
      check::That(SquaredNorm(machine, x.data(), n, &sum).ok(), "squared norm runs");
      const double error = n == 0 ? sum : std::fabs(sum / static_cast<double>(expected) - 1.0);
      check::That(error <= 1e-14, "squared norm of " + std::to_string(n) + " entries of 1e" + std::to_string(exponent));
    }
  }
}

}  // namespace
}  // namespace univar::cuda

int main() {
  using namespace univar::cuda;
  for (const bool bf16 : {false, true}) {
    for (const size_t n : {0, 1, 15, 1023, 1024, 1025, 20000}) Gelu(n, bf16);
    for (const auto& [rows, cols] :
         {std::pair<size_t, size_t>{0, 5}, {1, 1}, {3, 5}, {7, 130}, {2, 1024}, {3, 1025}, {9, 2500}})
      Swiglu(rows, cols, bf16);
  }
  RoundedNumbers();
  for (const size_t n : {0, 1, 1000, 1025}) {
    for (const int64_t step : {1, 2, 1000}) Step(n, step);
  }
  Norms();
  return check::Finish();
}
