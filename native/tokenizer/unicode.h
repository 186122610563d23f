// Properties of code points, equal to those of the Rust package `tokenizers` 0.23, the reference for token ids.
//
// utf8proc (Unicode 15.1 or later) supplies them. The reference mixes several versions of Unicode: categories of 8.0,
// normalisation of 9.0 and lower case of 17.0. The tables in unicode.cc correct the differences. They were found by
// comparing every code point, and test/integration/tokenizer-unicode.test.ts repeats that comparison.
#pragma once

#include <cstddef>

namespace univar {

// Longest full canonical decomposition and longest lower-case form of one code point.
inline constexpr size_t kMaxDecomposition = 4;
inline constexpr size_t kMaxLowercase = 2;

// Whether `clean_text` removes c: U+0000, U+FFFD and categories Cc, Cf, Co, except tab, line feed and carriage return.
bool IsRemovedByCleaning(char32_t c);
// The Unicode property White_Space.
bool IsWhitespace(char32_t c);
// The blocks that BERT splits into single characters, without Hiragana, Katakana and Hangul.
bool IsChinese(char32_t c);
// Category Mn: the accents that are stripped.
bool IsNonspacingMark(char32_t c);
// ASCII punctuation and symbols, and the categories P*.
bool IsPunctuation(char32_t c);
// `\w` of the regular expressions that guard `single_word` tokens. Unicode 16.0.
bool IsWordCharacter(char32_t c);

// Canonical combining class; 0 for starters.
int CombiningClass(char32_t c);
// Writes the canonical decomposition (c itself if it has none) and returns its length.
size_t Decompose(char32_t c, char32_t out[kMaxDecomposition]);
// Writes the lower-case form and returns its length. Context is ignored: a final capital sigma becomes U+03C3 like any
// other.
size_t Lowercase(char32_t c, char32_t out[kMaxLowercase]);

}  // namespace univar
