// The SIMD parts of the InfoNCE loss (infonce.cc): operations on a strip of logits between the products, and sums over
// single rows of the inputs. All of them run on the calling thread.
//
// Exponentials have base 2: 2^((x - max) * k) with k = logit_scale * log2(e), from unscaled dot products x. The error
// is below 1 unit in the last place, values below 2^-126 become 0, and -infinity gives 0.
#pragma once

#include <cstddef>
#include <cstdint>

namespace univar {

// Strip rows are padded with -infinity to a multiple of this width, which is that of the widest vector.
inline constexpr size_t kStripPad = 16;

// For these two functions, n is a multiple of kStripPad.
float strip_max_cpu(const float* x, size_t n);
double strip_sum_exp_cpu(const float* x, size_t n, float max, float k);

// The softmax over columns that the symmetric modes add: column j contributes 2^((x - max[j]) * k) * weight[j].
struct ColumnTerms {
  const float* max = nullptr;
  const float* weight = nullptr;
};

// x_j = 2^((x_j - max) * k) * weight + column term, in place. `columns` can be null. Returns the sum of the new x.
float strip_coefficients_cpu(float* x, size_t n, float max, float k, float weight, const ColumnTerms* columns);

// The rounding error of one coefficient.
struct Residual {
  uint32_t column;
  float value;
};

// Rounds x in place to n bfloat16 in the first half of its memory. Entries are rounded up or down at random so that the
// expected value is exact; the result is the same for the same `seed`. Writes the residuals of at most `capacity`
// entries above `threshold` to `residuals` and returns their number. Entries must not be negative.
size_t strip_round_bf16_cpu(float* x, size_t n, float threshold, uint32_t seed, Residual* residuals, size_t capacity);

// Merges a block of `rows` strip rows into the statistics of `columns` columns (a multiple of kStripPad): max[j]
// becomes the largest entry so far and sum[j] the sum of 2^((x - max[j]) * k). max must be finite before the call.
void strip_columns_cpu(const float* x, size_t rows, size_t stride, size_t columns, float k, float* max, double* sum);

// The functions below work on rows of the inputs. If `round` is set, they round the entries to bfloat16 (nearest even).
// The dot product is finite if and only if all entries of x and y are.
double row_dot_cpu(const float* x, const float* y, size_t n, bool round);
// sum += factor * x
void row_add_cpu(double* sum, double factor, const float* x, size_t n, bool round);
// y += factor * x
void row_axpy_cpu(float* y, float factor, const float* x, size_t n, bool round);
// y -= factor * sum. Returns whether every new y is finite.
bool row_subtract_cpu(float* y, double factor, const double* sum, size_t n);

}  // namespace univar
