// Rows as directions in a storage type: row = norm * scale * codes, up to a residual that is measured. Used for base
// rows and for queries alike; r, v and v' as in ops/topk.h.
#pragma once

#include <cstddef>

#include "ops/topk.h"

namespace univar {

// Rows whose length lies between these are scanned as they are; others are first multiplied by a power of two.
inline constexpr double kMinPlainNorm = 0x1p-60, kMaxPlainNorm = 0x1p60;

struct EncodedRow {
  double norm;     // exact, see topk_exact.h; not finite if an entry is not
  float scale;     // v' = scale * codes
  float residual;  // >= ||v - v'||
};

// Bytes of one code.
size_t code_size(TopkStorage storage);

// `codes` receives n codes; `scratch` has room for n floats.
EncodedRow encode_row(TopkStorage storage, const float* row, size_t n, void* codes, float* scratch);

// Codes as float32, without the scale.
void decode(TopkStorage storage, const void* codes, size_t count, float* out);

// The float32 sum of x[t] * codes[t]. kF32 reads codes as plain floats.
float dot_codes(TopkStorage storage, const float* x, const void* codes, size_t n);

// gamma_n of ops/topk.h.
double gamma_bound(size_t n);
// A float that is greater than x by no more than two units in the last place.
float round_up(double x);

}  // namespace univar
