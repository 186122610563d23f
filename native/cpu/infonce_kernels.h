// The SIMD parts of the InfoNCE loss (infonce.cc): what happens to a strip of logits between the products, and sums
// over single rows of the inputs. All of them run on the calling thread.
//
// Exponentials are taken in base 2, 2^((x - max) * k) with k = logit_scale * log2(e), from unscaled dot products x;
// the error is below 1 unit in the last place, values below 2^-126 become 0, and -infinity gives 0.
#pragma once

#include <cstddef>
#include <cstdint>

namespace univar {

// Strip rows are padded with -infinity to a multiple of this, the widest vector used.
inline constexpr size_t kStripPad = 16;

// For these, n is a multiple of kStripPad.
float strip_max_cpu(const float* x, size_t n);
double strip_sum_exp_cpu(const float* x, size_t n, float max, float k);

// The softmax over columns that symmetric mode adds: column j contributes 2^((x - max[j]) * k) * weight[j].
struct ColumnTerms {
  const float* max = nullptr;
  const float* weight = nullptr;
};

// x_j = 2^((x_j - max) * k) * weight + column term, in place. `columns` may be null. Returns the sum of the new x.
float strip_coefficients_cpu(float* x, size_t n, float max, float k, float weight, const ColumnTerms* columns);

// What the rounding of one coefficient left over.
struct Residual {
  uint32_t column;
  float value;
};

// Rounds x in place to n bfloat16 that take the first half of its memory: up or down at random with the odds that make
// the expectation exact, the same for the same `seed`. Residuals of entries above `threshold`, at most `capacity`, go
// to `residuals`. Returns their number. Entries must not be negative.
size_t strip_round_bf16_cpu(float* x, size_t n, float threshold, uint32_t seed, Residual* residuals, size_t capacity);

// Folds a block of `rows` strip rows into the running column statistics of `columns` columns (a multiple of kStripPad):
// max[j] grows to the largest entry and sum[j] becomes sum of 2^((x - max[j]) * k). max must be finite on entry.
void strip_columns_cpu(const float* x, size_t rows, size_t stride, size_t columns, float k, float* max, double* sum);

// The rest works on rows of the inputs; with `round` their entries are rounded to bfloat16 (nearest even) on the way.
// The dot product is not finite exactly when an entry of x or y is not.
double row_dot_cpu(const float* x, const float* y, size_t n, bool round);
// sum += factor * x
void row_add_cpu(double* sum, double factor, const float* x, size_t n, bool round);
// y += factor * x
void row_axpy_cpu(float* y, float factor, const float* x, size_t n, bool round);
// y -= factor * sum; returns whether every new y is finite.
bool row_subtract_cpu(float* y, double factor, const double* sum, size_t n);

}  // namespace univar
