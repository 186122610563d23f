// Tile arithmetic, number formats and products of the CUDA backend, run on the host.
#include <algorithm>
#include <cmath>
#include <vector>

#include "check.h"
#include "cuda/gemm/gemm.h"
#include "cuda/machine/machine.h"

namespace univar::cuda {
namespace {

void Numbers() {
  bool round_trip = true, nearest = true;
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const float x = FromBf16(static_cast<Bf16>(bits));
    if (std::isnan(x))
      round_trip &= std::isnan(FromBf16(ToBf16(x)));
    else
      round_trip &= ToBf16(x) == bits;
  }
  check::Random random(1);
  for (int n = 0; n < 200000; ++n) {
    float x = FloatOf(static_cast<uint32_t>(random.Bits() >> 32));
    if (n % 4 == 0) x = FloatOf((BitsOf(x) & 0xFFFF0000u) | 0x8000u);  // half way
    if (!std::isfinite(x)) continue;
    const Bf16 y = ToBf16(x);
    // The adjacent numbers by magnitude. After the largest comes infinity, taken as 2^128.
    const auto value = [](uint32_t bits) {
      return (bits & 0x7FFF) == 0x7F80 ? std::ldexp(1.0, 128)
                                       : std::fabs(static_cast<double>(FromBf16(static_cast<Bf16>(bits))));
    };
    const double error = std::fabs(std::fabs(static_cast<double>(x)) - value(y));
    for (const uint32_t other : {y - 1u, y + 1u}) {
      if ((other & 0x7FFF) > 0x7F80 || (other & 0x8000) != (y & 0x8000)) continue;
      const double its = std::fabs(std::fabs(static_cast<double>(x)) - value(other));
      nearest &= error < its || (error == its && (y & 1) == 0);
    }
  }
  check::That(round_trip, "every bf16 survives the round trip");
  check::That(nearest, "bf16 rounds to nearest, ties to even");
  check::That(std::isnan(FromBf16(ToBf16(FloatOf(0x7F800001u)))), "NaN with a small payload stays NaN");
  for (const double x : {0.0, 1e-300, 1.0 / 3.0, 1.0, 1e30}) {
    check::That(RoundedUp(x) >= x && (x == 0.0 || RoundedUp(x) <= x * 1.000001 || x < 1e-45),
                "rounded up " + std::to_string(x));
  }
}

// Compares with the compiler's float16.
void Float16() {
  const auto expected = [](float x) {
    const auto half = static_cast<_Float16>(x);
    F16 bits;
    memcpy(&bits, &half, sizeof bits);
    return bits;
  };
  bool from = true, to = true, nan = true;
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<F16>(bits);
    _Float16 value;
    memcpy(&value, &half, sizeof value);
    const float x = FromF16(half);
    if (std::isnan(x)) {
      nan &= std::isnan(static_cast<float>(value)) && std::isnan(FromF16(ToF16(x)));
      continue;
    }
    from &= BitsOf(x) == BitsOf(static_cast<float>(value));
    // The number itself, the midpoint to the next number, and the two floats around the midpoint.
    for (const float y : {x, FloatOf(BitsOf(x) + 0x0FFFu), FloatOf(BitsOf(x) + 0x1000u), FloatOf(BitsOf(x) + 0x1001u)})
      if (!std::isnan(y)) to &= ToF16(y) == expected(y);
  }
  check::Random random(1);
  for (int n = 0; n < 500000; ++n) {
    float x = FloatOf(static_cast<uint32_t>(random.Bits() >> 32));
    if (n % 2 == 0) x = static_cast<float>(std::ldexp(random.Uniform(), static_cast<int>(random.Below(48)) - 30));
    if (n % 6 == 0) x = std::ldexp(std::round(std::ldexp(x, 25)), -25);  // half way between subnormals
    if (!std::isnan(x)) to &= ToF16(x) == expected(x);
  }
  check::That(from, "every f16 has the right value");
  check::That(to, "f16 rounds to nearest, ties to even");
  check::That(nan && std::isnan(FromF16(ToF16(FloatOf(0x7F800001u)))), "NaN stays NaN in f16");
}

void Places() {
  for (const size_t rows : {1, 15, 16, 17, 63, 129, 1000}) {
    for (const size_t columns : {1, 63, 64, 65, 513}) {
      for (const auto& [down, across] : {std::pair<size_t, size_t>{64, 64}, {128, 128}, {128, 32}}) {
        std::vector<int> seen(rows * columns, 0);
        for (size_t tile = 0; tile < CountTiles(rows, columns, down, across); ++tile) {
          const TilePlace place = PlaceOfTile(tile, columns, down, across);
          for (size_t i = place.row; i < Min(place.row + down, rows); ++i)
            for (size_t j = place.column; j < Min(place.column + across, columns); ++j) ++seen[i * columns + j];
        }
        check::That(std::all_of(seen.begin(), seen.end(), [](int n) { return n == 1; }),
                    "tiles cover " + std::to_string(rows) + " x " + std::to_string(columns) + " once");
      }
    }
  }
}

enum class Format { kF32, kBf16, kF16 };

float Rounded(float x, Format format) {
  return format == Format::kF32 ? x : format == Format::kBf16 ? FromBf16(ToBf16(x)) : FromF16(ToF16(x));
}
uint16_t Halved(float x, Format format) { return format == Format::kF16 ? ToF16(x) : ToBf16(x); }

// A stored operand: the values of op(X), zeros up to the next 8 entries, and NaN in entries that must not be read.
struct Operand {
  std::vector<double> values;  // op(X), [rows, columns]
  std::vector<float> plain;
  std::vector<Piece> pieces;  // aligned
  size_t stride;
  uint16_t* halves() { return pieces[0].values; }
};
Operand MakeOperand(size_t rows, size_t columns, bool transposed, Format format, uint64_t seed) {
  check::Random random(seed);
  const size_t stored_rows = transposed ? columns : rows, stored_columns = transposed ? rows : columns;
  Operand operand;
  operand.stride = RoundUp(stored_columns, 8) + 8;
  operand.values.resize(rows * columns);
  operand.plain.assign(stored_rows * operand.stride, NAN);
  operand.pieces.resize(stored_rows * operand.stride / 8);
  std::fill_n(operand.halves(), stored_rows * operand.stride, Halved(NAN, format));
  for (size_t i = 0; i < stored_rows; ++i) {
    for (size_t j = 0; j < RoundUp(stored_columns, 8); ++j) {
      const size_t at = i * operand.stride + j;
      if (j >= stored_columns) {
        operand.halves()[at] = 0;
        continue;
      }
      const float x = Rounded(static_cast<float>(random.Uniform()), format);
      operand.plain[at] = x;
      operand.halves()[at] = Halved(x, format);
      operand.values[transposed ? j * columns + i : i * columns + j] = x;
    }
  }
  return operand;
}

template <bool kA, bool kB>
void Product(size_t m, size_t n, size_t k, Format format, bool accumulate) {
  Operand a = MakeOperand(m, k, kA, format, m + k), b = MakeOperand(k, n, kB, format, n + 7 * k);
  const size_t ldc = n + 3;
  std::vector<float> c(m * ldc, 0.25f);
  const GemmShape shape{m, n, k, a.stride, b.stride, ldc, accumulate};
  HostMachine machine;
  Status status = Status::Ok();
  if (format == Format::kBf16) {
    const GemmHalf<kA, kB, Half::kBf16> gemm{a.halves(), b.halves(), c.data(), shape};
    status = machine.Launch(gemm, gemm.blocks());
  } else if (format == Format::kF16) {
    const GemmHalf<kA, kB, Half::kF16> gemm{a.halves(), b.halves(), c.data(), shape, {.scale = 0.5f}};
    status = machine.Launch(gemm, gemm.blocks());
  } else {
    const GemmF32<kA, kB> gemm{a.plain.data(), b.plain.data(), c.data(), shape};
    status = machine.Launch(gemm, gemm.blocks());
  }
  double error = 0.0;
  bool outside = status.ok();
  for (size_t i = 0; i < m; ++i) {
    for (size_t j = 0; j < n; ++j) {
      double sum = 0.0;
      for (size_t d = 0; d < k; ++d) sum += a.values[i * k + d] * b.values[d * n + j];
      if (format == Format::kF16) sum *= 0.5;
      const double e = std::fabs(c[i * ldc + j] - sum - (accumulate ? 0.25 : 0.0));
      error = e <= error || std::isnan(error) ? error : e;  // keeps NaN
    }
    for (size_t j = n; j < ldc; ++j) outside &= c[i * ldc + j] == 0.25f;
  }
  const std::string name = std::string(format == Format::kF32    ? "f32 "
                                       : format == Format::kBf16 ? "bf16 "
                                                                 : "f16 ") +
                           (kA ? "A^T " : "A ") + (kB ? "B^T " : "B ") + std::to_string(m) + " x " + std::to_string(n) +
                           " x " + std::to_string(k) + (accumulate ? " added" : "");
  check::AtMost(error, 1e-7 * (static_cast<double>(k) + 4), "product " + name);
  check::That(outside, "nothing written outside " + name, status.message());
}

void Products() {
  for (const Format format : {Format::kF32, Format::kBf16, Format::kF16}) {
    for (const auto& [m, n, k] : {std::tuple<size_t, size_t, size_t>{1, 1, 1},
                                  {15, 17, 16},
                                  {16, 16, 33},
                                  {63, 64, 65},
                                  {129, 130, 31},
                                  {128, 128, 64},
                                  {200, 70, 100}}) {
      const bool accumulate = m % 2 == 0;
      Product<false, true>(m, n, k, format, accumulate);
      Product<false, false>(m, n, k, format, accumulate);
      Product<true, false>(m, n, k, format, accumulate);
      Product<true, true>(m, n, k, format, accumulate);
    }
  }
}

}  // namespace
}  // namespace univar::cuda

int main() {
  univar::cuda::Numbers();
  univar::cuda::Float16();
  univar::cuda::Places();
  univar::cuda::Products();
  return check::Finish();
}
