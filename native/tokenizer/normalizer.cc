#include "tokenizer/normalizer.h"

#include <algorithm>

#include "core/utf16.h"
#include "tokenizer/unicode.h"

namespace univar {
namespace {

// Canonical ordering: sorts the combining characters between two starters by class; equal classes keep their order.
void OrderCombining(std::u32string& text, size_t begin) {
  size_t i = begin;
  while (i < text.size()) {
    if (CombiningClass(text[i]) == 0) {
      ++i;
      continue;
    }
    size_t end = i + 1;
    while (end < text.size() && CombiningClass(text[end]) != 0) ++end;
    if (end - i > 1) {
      std::stable_sort(text.begin() + static_cast<std::ptrdiff_t>(i), text.begin() + static_cast<std::ptrdiff_t>(end),
                       [](char32_t a, char32_t b) { return CombiningClass(a) < CombiningClass(b); });
    }
    i = end;
  }
}

CodePointAction Action(CodePointAction::Kind kind, uint32_t value = 0) { return {kind | (value << 3)}; }

}  // namespace

Normalizer::Normalizer(const NormalizerSettings& settings) : settings_(settings), table_(kTableSize) {
  for (char32_t c = 0; c < kTableSize; ++c) table_[c] = Derive(c);
}

void Normalizer::Normalize(std::u16string_view text, std::u32string& out) const {
  const size_t begin = out.size();
  const auto decompose = [&](char32_t c) {
    if (!settings_.strip_accents) {
      out.push_back(c);
      return;
    }
    char32_t parts[kMaxDecomposition];
    out.append(parts, Decompose(c, parts));
  };
  for (size_t i = 0; i < text.size();) {
    char32_t c = NextCodePoint(text, i);
    if (settings_.clean_text) {
      if (IsRemovedByCleaning(c)) continue;
      if (IsWhitespace(c)) c = ' ';
    }
    const bool chinese = settings_.handle_chinese_chars && IsChinese(c);
    if (chinese) out.push_back(' ');
    decompose(c);
    if (chinese) out.push_back(' ');
  }
  if (settings_.strip_accents) {
    OrderCombining(out, begin);
    out.erase(std::remove_if(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), IsNonspacingMark), out.end());
  }
  if (settings_.lowercase) {
    std::u32string lowered;
    lowered.reserve(out.size() - begin);
    for (size_t i = begin; i < out.size(); ++i) {
      char32_t parts[kMaxLowercase];
      lowered.append(parts, Lowercase(out[i], parts));
    }
    out.replace(begin, std::u32string::npos, lowered);
  }
}

CharClass Normalizer::Classify(char32_t normalized) {
  if (IsWhitespace(normalized)) return CharClass::kSpace;
  return IsPunctuation(normalized) ? CharClass::kAlone : CharClass::kWord;
}

CodePointAction Normalizer::Derive(char32_t c) {
  if (c >= 0xD800 && c < 0xE000) return Action(CodePointAction::kSurrogate);
  char16_t units[2] = {static_cast<char16_t>(c), 0};
  if (c >= 0x10000) {
    units[0] = static_cast<char16_t>(0xD800 + ((c - 0x10000) >> 10));
    units[1] = static_cast<char16_t>(0xDC00 + (c & 0x3FF));
  }
  std::u32string result;
  Normalize({units, c >= 0x10000 ? size_t{2} : size_t{1}}, result);

  const auto all = [&](auto predicate) { return std::all_of(result.begin(), result.end(), predicate); };
  if (result.empty()) return Action(CodePointAction::kDrop);
  // Without accent stripping nothing is reordered.
  if (settings_.strip_accents && !all([](char32_t r) { return CombiningClass(r) == 0; })) {
    return Action(CodePointAction::kExact);
  }
  if (all(IsWhitespace)) return Action(CodePointAction::kSpace);
  if (all([](char32_t r) { return Classify(r) == CharClass::kWord; })) {
    if (result.size() == 1) return Action(CodePointAction::kWord, result[0]);
    sequences_.push_back(std::move(result));
    return Action(CodePointAction::kSequence, static_cast<uint32_t>(sequences_.size() - 1));
  }
  if (result.size() == 1) return Action(CodePointAction::kAlone, result[0]);
  const bool isolated = result.size() == 3 && result.front() == ' ' && result.back() == ' ';
  return isolated ? Action(CodePointAction::kAlone, result[1]) : Action(CodePointAction::kExact);
}

}  // namespace univar
