// Tests the calls of cuBLASLt with a fake library on the host (fake_cublas_lt.cc), if LD_LIBRARY_PATH contains it, and
// compares products with double precision. Without a library, checks that nothing happens and the reason is reported.
#include "cuda/machine/cublas_lt.h"

#include <dlfcn.h>

#include <cmath>
#include <cstdlib>
#include <vector>

#include "check.h"
#include "cuda/gemm/gemm.h"

namespace univar::cuda {
namespace {

struct Matrix16 {
  size_t rows, columns, stride;
  bool f16;
  std::vector<Piece> pieces;
  uint16_t* data() { return pieces[0].values; }
  double At(size_t row, size_t column) const {
    const size_t at = row * stride + column;
    const uint16_t bits = pieces[at / 8].values[at % 8];
    return f16 ? FromF16(bits) : FromBf16(bits);
  }
};
Matrix16 Random16(size_t rows, size_t columns, size_t stride, uint64_t seed, bool f16 = false) {
  check::Random random(seed);
  Matrix16 matrix{rows, columns, stride, f16, std::vector<Piece>(rows * stride / 8 + 1)};
  for (size_t i = 0; i < rows * stride; ++i) {
    const auto x = static_cast<float>(random.Uniform());
    matrix.data()[i] = f16 ? ToF16(x) : ToBf16(x);
  }
  return matrix;
}

void Product(size_t m, size_t n, size_t k, bool transpose_a, bool transpose_b, bool rounded, bool accumulate,
             bool biased, bool f16 = false, float scale = 1.0f) {
  Matrix16 a = Random16(transpose_a ? k : m, transpose_a ? m : k, RoundUp(transpose_a ? m : k, 8) + 8, 1, f16);
  Matrix16 b = Random16(transpose_b ? n : k, transpose_b ? k : n, RoundUp(transpose_b ? k : n, 8), 2, f16);
  const size_t ldc = n + 3;
  check::Random random(3);
  std::vector<float> c(m * ldc), bias(n), before;
  std::vector<Bf16> c16(m * ldc, ToBf16(NAN));
  for (float& value : c) value = accumulate ? static_cast<float>(random.Uniform()) : NAN;
  for (float& value : bias) value = static_cast<float>(random.Uniform());
  before = c;
  unsigned char memory[64];
  bool done = false;
  const LtProduct product{.transpose_a = transpose_a,
                          .transpose_b = transpose_b,
                          .m = m,
                          .n = n,
                          .k = k,
                          .a = a.data(),
                          .b = b.data(),
                          .f16 = f16,
                          .scale = scale,
                          .c = rounded ? static_cast<void*>(c16.data()) : c.data(),
                          .rounded = rounded,
                          .lda = a.stride,
                          .ldb = b.stride,
                          .ldc = ldc,
                          .addend = accumulate ? c.data() : nullptr,
                          .bias = biased ? bias.data() : nullptr};
  const Status status = MultiplyByCublasLt(product, {memory, sizeof memory}, nullptr, &done);
  double error = 0.0;
  for (size_t i = 0; i < m; ++i) {
    for (size_t j = 0; j < n; ++j) {
      double expected = 0.0;
      for (size_t t = 0; t < k; ++t)
        expected += (transpose_a ? a.At(t, i) : a.At(i, t)) * (transpose_b ? b.At(j, t) : b.At(t, j));
      expected = expected * scale + (accumulate ? before[i * ldc + j] : 0.0) + (biased ? bias[j] : 0.0);
      const double actual = rounded ? FromBf16(c16[i * ldc + j]) : c[i * ldc + j];
      const double difference = std::fabs(actual - expected) / (rounded ? std::fabs(expected) + 1 : 1);
      error = std::isfinite(difference) ? std::fmax(error, difference) : INFINITY;
    }
  }
  const std::string name = std::to_string(m) + " x " + std::to_string(n) + " x " + std::to_string(k) +
                           (transpose_a ? " A^T" : "") + (transpose_b ? " B^T" : "") + (rounded ? " bf16" : "") +
                           (accumulate ? " added" : "") + (biased ? " bias" : "") + (f16 ? " f16" : "");
  check::That(status.ok() && done, "runs " + name, status.message());
  check::AtMost(error, rounded ? 4e-3 : 1e-5, "product " + name);
}

void Refusal() {
  Matrix16 a = Random16(4, 5, 5, 1), b = Random16(5, 6, 6, 2);
  std::vector<float> c(24, 7.0f);
  unsigned char memory[64];
  bool done = true;
  const LtProduct product{
      .m = 4, .n = 6, .k = 5, .a = a.data(), .b = b.data(), .c = c.data(), .lda = 5, .ldb = 6, .ldc = 6};
  const Status status = MultiplyByCublasLt(product, {memory, sizeof memory}, nullptr, &done);
  check::That(status.ok() && !done && c[0] == 7.0f, "does nothing without an algorithm", status.message());
}

// The library is asked only once for the same product.
void Choices() {
  void* library = dlopen("libcublasLt.so.13", RTLD_NOW | RTLD_NOLOAD);
  const int* questions = library == nullptr ? nullptr : static_cast<const int*>(dlsym(library, "questions"));
  if (questions == nullptr) return check::That(false, "the fake library counts questions");
  Product(24, 16, 32, false, true, false, false, false);
  const int before = *questions;
  Product(24, 16, 32, false, true, false, false, false);
  check::That(*questions == before, "asks once for the same product");
  Product(24, 16, 32, false, true, false, true, false);
  Product(24, 16, 32, false, true, false, false, false, true);
  Product(32, 16, 32, false, true, false, false, false);
  check::That(*questions == before + 3, "asks for every new product", std::to_string(*questions - before));
  // More products than the cache holds.
  Matrix16 a = Random16(1, 8, 8, 1), b = Random16(1, 5000, 5000, 2);
  std::vector<float> c(5000);
  unsigned char memory[64];
  bool all = true;
  for (size_t n = 1; n <= 5000; ++n) {
    bool done = false;
    const LtProduct product{
        .m = 1, .n = n, .k = 1, .a = a.data(), .b = b.data(), .c = c.data(), .lda = 8, .ldb = 5000, .ldc = 5000};
    all &= MultiplyByCublasLt(product, {memory, sizeof memory}, nullptr, &done).ok() && done;
  }
  check::That(all, "works after the cache was cleared");
  Product(24, 16, 32, false, true, false, false, false);
}

}  // namespace
}  // namespace univar::cuda

int main() {
  using namespace univar::cuda;
  const CublasLtInfo& info = DescribeCublasLt();
  if (std::getenv("EXPECT_NO_LIBRARY") != nullptr) {
    if (info.available) {
      check::That(true, "finds the library of this machine");
      return check::Finish();
    }
    check::That(info.reason.find("not found") != std::string::npos, "reports that there is no library", info.reason);
    bool done = true;
    check::That(MultiplyByCublasLt({}, {}, nullptr, &done).ok() && !done, "does nothing without a library");
    return check::Finish();
  }
  check::That(info.available && info.version == 130102, "finds the library", info.reason);
  for (const bool transpose_a : {false, true})
    for (const bool transpose_b : {false, true})
      for (const bool accumulate : {false, true})
        for (const bool biased : {false, true}) Product(5, 7, 9, transpose_a, transpose_b, false, accumulate, biased);
  for (const bool transpose_b : {false, true}) {
    Product(16, 3, 40, false, transpose_b, true, false, false);
    for (const bool accumulate : {false, true})
      Product(9, 8, 21, accumulate, transpose_b, false, accumulate, false, true, 0.25f);
  }
  Refusal();
  Choices();
  return check::Finish();
}
