// Rows as directions in a storage type: row = norm * scale * codes, up to a residual that is measured. Used for base
// rows and for queries alike; r, v and v' as in ops/topk.h.
#pragma once

#include <cstddef>

#include "ops/topk.h"

namespace univar {

// Up to here a sum of products of integer codes fits int32: 255 * 127 * dim, as oneDNN may shift one side to unsigned.
inline constexpr size_t kMaxIntegerDim = 65536;

// Rows whose length lies between these are scanned as they are; others are first multiplied by a power of two.
inline constexpr double kMinPlainNorm = 0x1p-60, kMaxPlainNorm = 0x1p60;

// How the entries of one row are held. int16 is for queries: products with int8 codes on CPUs without int8 units.
enum class RowCode { kF32, kF16, kBf16, kInt8, kInt16 };

RowCode code_for(TopkStorage storage);

struct EncodedRow {
  double norm;     // exact, see topk_exact.h; not finite if an entry is not
  float scale;     // v' = scale * codes
  float residual;  // >= ||v - v'||
};

// Bytes of one code.
size_t code_size(RowCode code);

// `codes` receives n codes; `scratch` has room for n floats.
EncodedRow encode_row(RowCode code, const float* row, size_t n, void* codes, float* scratch);

// Codes as float32, without the scale.
void decode(RowCode code, const void* codes, size_t count, float* out);

// The float32 sum of x[t] * codes[t].
float dot_codes(RowCode code, const float* x, const void* codes, size_t n);

// gamma_n of ops/topk.h.
double gamma_bound(size_t n);
// A float that is greater than x by no more than two units in the last place.
float round_up(double x);

}  // namespace univar
