// Rows as directions in a storage type: row = norm * scale * codes, up to a measured residual. Used for base rows and
// queries; r, v and v' are defined in ops/topk.h.
#pragma once

#include <cstddef>

#include "ops/topk.h"

namespace univar {

// Largest dimension for which a sum of products of integer codes fits into int32. A sum can reach 255 * 127 * dim,
// because oneDNN can shift one side to unsigned.
inline constexpr size_t kMaxIntegerDim = 65536;

// Rows with a length between these limits are scanned unscaled. Others are first multiplied by a power of two.
inline constexpr double kMinPlainNorm = 0x1p-60, kMaxPlainNorm = 0x1p60;

// Type of the codes of a row. int16 is for queries that are multiplied with int8 codes on CPUs without int8 units.
enum class RowCode { kF32, kF16, kBf16, kInt8, kInt16 };

RowCode code_for(TopkStorage storage);

struct EncodedRow {
  double norm;     // exact, see topk_exact.h; not finite if an entry is not finite
  float scale;     // v' = scale * codes
  float residual;  // >= ||v - v'||
};

// Returns the bytes of one code.
size_t code_size(RowCode code);

// Encodes a row. `codes` receives n codes; `scratch` has space for n floats.
EncodedRow encode_row(RowCode code, const float* row, size_t n, void* codes, float* scratch);

// Converts codes to float32, without the scale.
void decode(RowCode code, const void* codes, size_t count, float* out);

// Returns the float32 sum of x[t] * codes[t].
float dot_codes(RowCode code, const float* x, const void* codes, size_t n);

// Returns gamma_n of ops/topk.h.
double gamma_bound(size_t n);
// Returns a float that is above x by at most two units in the last place.
float round_up(double x);

}  // namespace univar
