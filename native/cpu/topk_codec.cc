// Encoding, decoding and products of stored rows for every instruction set, see topk_codec.h.
#include "cpu/topk_codec.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/compiler.h"
#include "cpu/topk_exact.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/topk_codec.cc"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

#include "cpu/bf16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace univar {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::ScalableTag<float>;
using VF = hn::Vec<DF>;

// These types convert a vector of floats to codes and back.
struct F32Codec {
  using Code = float;
  using Tag = DF;
  static VF Encode(VF x) { return x; }
  static VF Decode(VF code) { return code; }
};

struct F16Codec {
  using Code = hwy::float16_t;
  using Tag = hn::Rebind<Code, DF>;
  static hn::Vec<Tag> Encode(VF x) { return hn::DemoteTo(Tag(), x); }
  static VF Decode(hn::Vec<Tag> code) { return hn::PromoteTo(DF(), code); }
};

struct Bf16Codec {
  using Code = uint16_t;
  using Tag = hn::Rebind<Code, DF>;
  using Wide = hn::Rebind<uint32_t, DF>;
  // Rounds to nearest even without a check for infinity, because entries of a direction are at most 1.
  static hn::Vec<Tag> Encode(VF x) {
    const Wide wide;
    return hn::TruncateTo(Tag(), hn::ShiftRight<16>(RoundNumberBits(wide, hn::BitCast(wide, x))));
  }
  static VF Decode(hn::Vec<Tag> code) { return WidenHalves(DF(), code); }
};

struct Int8Codec {
  using Code = int8_t;
  using Tag = hn::Rebind<Code, DF>;
  static hn::Vec<Tag> Encode(VF x) { return hn::DemoteTo(Tag(), hn::NearestInt(x)); }
  static VF Decode(hn::Vec<Tag> code) { return hn::ConvertTo(DF(), hn::PromoteTo(hn::Rebind<int32_t, DF>(), code)); }
};

struct Int16Codec {
  using Code = int16_t;
  using Tag = hn::Rebind<Code, DF>;
  static hn::Vec<Tag> Encode(VF x) { return hn::DemoteTo(Tag(), hn::NearestInt(x)); }
  static VF Decode(hn::Vec<Tag> code) { return hn::ConvertTo(DF(), hn::PromoteTo(hn::Rebind<int32_t, DF>(), code)); }
};

// Writes the codes of x * factor and returns the sum of the squared errors (x * factor - code)^2.
template <class Codec>
float EncodeWith(const float* HWY_RESTRICT x, float factor, size_t n, void* out) {
  const DF d;
  const typename Codec::Tag tag;
  const size_t lanes = hn::Lanes(d);
  auto* codes = static_cast<typename Codec::Code*>(out);
  const VF scale = hn::Set(d, factor);
  VF sum = hn::Zero(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const VF y = hn::Mul(hn::LoadU(d, x + i), scale);
    const auto code = Codec::Encode(y);
    hn::StoreU(code, tag, codes + i);
    const VF miss = hn::Sub(y, Codec::Decode(code));
    sum = hn::MulAdd(miss, miss, sum);
  }
  if (i < n) {
    const VF y = hn::Mul(hn::LoadN(d, x + i, n - i), scale);
    const auto code = Codec::Encode(y);
    hn::StoreN(code, tag, codes + i, n - i);
    const VF miss = hn::Sub(y, Codec::Decode(code));
    sum = hn::MulAdd(miss, miss, sum);
  }
  return hn::ReduceSum(d, sum);
}

template <class Codec>
void DecodeWith(const void* in, size_t count, float* HWY_RESTRICT out) {
  const DF d;
  const typename Codec::Tag tag;
  const size_t lanes = hn::Lanes(d);
  const auto* codes = static_cast<const typename Codec::Code*>(in);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(Codec::Decode(hn::LoadU(tag, codes + i)), d, out + i);
  if (i < count) hn::StoreN(Codec::Decode(hn::LoadN(tag, codes + i, count - i)), d, out + i, count - i);
}

template <class Codec>
float DotWith(const float* HWY_RESTRICT x, const void* in, size_t n) {
  const DF d;
  const typename Codec::Tag tag;
  const size_t lanes = hn::Lanes(d);
  const auto* codes = static_cast<const typename Codec::Code*>(in);
  const auto load = [&](size_t i) HWY_ATTR { return Codec::Decode(hn::LoadU(tag, codes + i)); };
  VF s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
  size_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    s0 = hn::MulAdd(hn::LoadU(d, x + i), load(i), s0);
    s1 = hn::MulAdd(hn::LoadU(d, x + i + lanes), load(i + lanes), s1);
    s2 = hn::MulAdd(hn::LoadU(d, x + i + 2 * lanes), load(i + 2 * lanes), s2);
    s3 = hn::MulAdd(hn::LoadU(d, x + i + 3 * lanes), load(i + 3 * lanes), s3);
  }
  for (; i + lanes <= n; i += lanes) s0 = hn::MulAdd(hn::LoadU(d, x + i), load(i), s0);
  if (i < n) s1 = hn::MulAdd(hn::LoadN(d, x + i, n - i), Codec::Decode(hn::LoadN(tag, codes + i, n - i)), s1);
  return hn::ReduceSum(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)));
}

float EncodeRow(RowCode code, const float* x, float factor, size_t n, void* codes) {
  switch (code) {
    case RowCode::kF32: return EncodeWith<F32Codec>(x, factor, n, codes);
    case RowCode::kF16: return EncodeWith<F16Codec>(x, factor, n, codes);
    case RowCode::kBf16: return EncodeWith<Bf16Codec>(x, factor, n, codes);
    case RowCode::kInt8: return EncodeWith<Int8Codec>(x, factor, n, codes);
    case RowCode::kInt16: return EncodeWith<Int16Codec>(x, factor, n, codes);
  }
  UNIVAR_UNREACHABLE();
}

void Decode(RowCode code, const void* codes, size_t count, float* out) {
  switch (code) {
    case RowCode::kF32: return DecodeWith<F32Codec>(codes, count, out);
    case RowCode::kF16: return DecodeWith<F16Codec>(codes, count, out);
    case RowCode::kBf16: return DecodeWith<Bf16Codec>(codes, count, out);
    case RowCode::kInt8: return DecodeWith<Int8Codec>(codes, count, out);
    case RowCode::kInt16: return DecodeWith<Int16Codec>(codes, count, out);
  }
}

float DotCodes(RowCode code, const float* x, const void* codes, size_t n) {
  switch (code) {
    case RowCode::kF32: return DotWith<F32Codec>(x, codes, n);
    case RowCode::kF16: return DotWith<F16Codec>(x, codes, n);
    case RowCode::kBf16: return DotWith<Bf16Codec>(x, codes, n);
    case RowCode::kInt8: return DotWith<Int8Codec>(x, codes, n);
    case RowCode::kInt16: return DotWith<Int16Codec>(x, codes, n);
  }
  UNIVAR_UNREACHABLE();
}

float LargestMagnitude(const float* HWY_RESTRICT x, size_t n) {
  const DF d;
  const size_t lanes = hn::Lanes(d);
  VF largest = hn::Zero(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) largest = hn::Max(largest, hn::Abs(hn::LoadU(d, x + i)));
  if (i < n) largest = hn::Max(largest, hn::Abs(hn::LoadN(d, x + i, n - i)));
  return hn::ReduceMax(d, largest);
}

}  // namespace HWY_NAMESPACE
}  // namespace univar
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace univar {

HWY_EXPORT(EncodeRow);
HWY_EXPORT(Decode);
HWY_EXPORT(DotCodes);
HWY_EXPORT(LargestMagnitude);

namespace {

// Returns the largest code for which a sum of `n` products with int8 codes fits into int32.
double LargestInt16(size_t n) { return std::min(32767.0, std::floor(0x1p30 / (127.0 * static_cast<double>(n)))); }

}  // namespace

RowCode code_for(TopkStorage storage) {
  switch (storage) {
    case TopkStorage::kF32: return RowCode::kF32;
    case TopkStorage::kF16: return RowCode::kF16;
    case TopkStorage::kBf16: return RowCode::kBf16;
    case TopkStorage::kInt8: return RowCode::kInt8;
  }
  UNIVAR_UNREACHABLE();
}

size_t code_size(RowCode code) {
  switch (code) {
    case RowCode::kF32: return sizeof(float);
    case RowCode::kF16:
    case RowCode::kBf16: return sizeof(uint16_t);
    case RowCode::kInt8: return sizeof(int8_t);
    case RowCode::kInt16: return sizeof(int16_t);
  }
  UNIVAR_UNREACHABLE();
}

EncodedRow encode_row(RowCode code, const float* row, size_t n, void* codes, float* scratch) {
  const double norm = std::sqrt(exact_squared_norm(row, n));
  if (!std::isfinite(norm)) return {norm, 0.0f, 0.0f};
  double length = norm;
  if (norm > 0.0 && (norm < kMinPlainNorm || norm > kMaxPlainNorm)) {
    const int exponent = std::ilogb(norm);
    for (size_t i = 0; i < n; ++i) scratch[i] = static_cast<float>(std::ldexp(static_cast<double>(row[i]), -exponent));
    length = std::ldexp(norm, -exponent);
    row = scratch;
  }
  // Entries of a direction are at most 1. Half of the exponent range of f16 is above 1, and so are all integer codes.
  double scale = 1.0;
  if (code == RowCode::kF16) scale = 0x1p-14;
  if ((code == RowCode::kInt8 || code == RowCode::kInt16) && norm > 0.0) {
    const double largest_code = code == RowCode::kInt8 ? 127.0 : LargestInt16(n);
    scale = HWY_DYNAMIC_DISPATCH(LargestMagnitude)(row, n) / length / largest_code;
  }
  const float factor = norm > 0.0 ? static_cast<float>(1.0 / (length * scale)) : 0.0f;
  const double squares = HWY_DYNAMIC_DISPATCH(EncodeRow)(code, row, factor, n, codes);
  // The gamma term covers the rounding errors of the measured sum; 2^-21 covers those of factor, product, difference
  // and scale.
  const double residual = norm > 0.0 ? std::sqrt(squares) * scale * (1.0 + gamma_bound(n + 8)) + 0x1p-21 : 0.0;
  return {norm, static_cast<float>(scale), round_up(residual)};
}

void decode(RowCode code, const void* codes, size_t count, float* out) {
  HWY_DYNAMIC_DISPATCH(Decode)(code, codes, count, out);
}

float dot_codes(RowCode code, const float* x, const void* codes, size_t n) {
  return HWY_DYNAMIC_DISPATCH(DotCodes)(code, x, codes, n);
}

double gamma_bound(size_t n) {
  const double x = static_cast<double>(n) * 0x1p-24;
  return x / (1.0 - x);
}

float round_up(double x) { return std::nextafterf(static_cast<float>(x), std::numeric_limits<float>::infinity()); }

}  // namespace univar
#endif  // HWY_ONCE
