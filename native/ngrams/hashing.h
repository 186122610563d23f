// Hashes of tokens and n-grams. They are part of the frozen feature definition: docs/ngram-features.md.
#pragma once

#include <cstdint>

namespace univar {

// FNV-1a with 64 bits, one byte at a time (Fowler, Noll and Vo, RFC 9923).
inline constexpr uint64_t kFnvOffset = 14695981039346656037u, kFnvPrime = 1099511628211u;

inline uint64_t AddByte(uint64_t hash, uint32_t byte) { return (hash ^ byte) * kFnvPrime; }

// Adds the UTF-8 bytes of a code point.
inline uint64_t AddCodePoint(uint64_t hash, char32_t c) {
  if (c < 0x80) return AddByte(hash, c);
  if (c < 0x800) {
    hash = AddByte(hash, 0xC0 | (c >> 6));
  } else {
    if (c < 0x10000) {
      hash = AddByte(hash, 0xE0 | (c >> 12));
    } else {
      hash = AddByte(hash, 0xF0 | (c >> 18));
      hash = AddByte(hash, 0x80 | ((c >> 12) & 0x3F));
    }
    hash = AddByte(hash, 0x80 | ((c >> 6) & 0x3F));
  }
  return AddByte(hash, 0x80 | (c & 0x3F));
}

// The 64-bit finaliser of MurmurHash3, a bijection.
inline uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 33)) * 0xFF51AFD7ED558CCDu;
  x = (x ^ (x >> 33)) * 0xC4CEB9FE1A85EC53u;
  return x ^ (x >> 33);
}

// The hash of an n-gram, from the hash of its first n - 1 items and its last item.
inline uint64_t ExtendNgram(uint64_t gram, uint64_t item) { return Mix(gram * 0x9E3779B97F4A7C15u + item); }
inline uint32_t FeatureId(uint64_t gram) { return static_cast<uint32_t>(gram >> 32); }

}  // namespace univar
