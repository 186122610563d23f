#include "tokenizer/added_tokens.h"

#include <algorithm>

#include "tokenizer/unicode.h"

namespace univar {
namespace {

// Return the code point that ends at `at` or starts there, in well-formed text.
char32_t Before(std::u32string_view text, size_t at) { return text[at - 1]; }
char32_t After(std::u32string_view text, size_t at) { return text[at]; }

char32_t Pair(char16_t high, char16_t low) { return 0x10000 + ((high & 0x3FFu) << 10) + (low & 0x3FFu); }
char32_t Before(std::u16string_view text, size_t at) {
  const char16_t unit = text[at - 1];
  return (unit & 0xFC00) == 0xDC00 && at > 1 ? Pair(text[at - 2], unit) : unit;
}
char32_t After(std::u16string_view text, size_t at) {
  const char16_t unit = text[at];
  return (unit & 0xFC00) == 0xD800 && at + 1 < text.size() ? Pair(unit, text[at + 1]) : unit;
}

}  // namespace

template <typename Char>
void AddedTokenFinder<Char>::Add(View content, const AddedToken& token) {
  if (content.empty()) return;
  const auto position = std::find_if(tokens_.begin(), tokens_.end(),
                                     [&](const Token& other) { return other.content.size() < content.size(); });
  tokens_.insert(position,
                 Token{std::basic_string<Char>(content), token.id, token.single_word, token.lstrip, token.rstrip});
  starts_[content[0] & 0xFF] = true;
}

template <typename Char>
size_t AddedTokenFinder<Char>::NextCandidate(View text, size_t from) const {
  while (from < text.size() && !starts_[text[from] & 0xFF]) ++from;
  return from;
}

template <typename Char>
const typename AddedTokenFinder<Char>::Token* AddedTokenFinder<Char>::LongestAt(View text, size_t at) const {
  const View rest = text.substr(at);
  for (const Token& token : tokens_) {
    if (rest.starts_with(token.content)) return &token;
  }
  return nullptr;
}

template <typename Char>
void AddedTokenFinder<Char>::Split(View text, std::vector<Piece>& pieces) const {
  size_t done = 0;  // end of the last piece
  for (size_t at = tokens_.empty() ? text.size() : NextCandidate(text, 0); at < text.size();
       at = NextCandidate(text, at)) {
    const Token* token = LongestAt(text, at);
    if (token == nullptr) {
      ++at;
      continue;
    }
    size_t begin = at;
    size_t end = at + token->content.size();
    at = end;
    if (token->single_word && ((begin > 0 && IsWordCharacter(Before(text, begin))) ||
                               (end < text.size() && IsWordCharacter(After(text, end))))) {
      continue;
    }
    // All white space is in the Basic Multilingual Plane: one unit each.
    if (token->lstrip) {
      begin = std::max(begin, done);  // the previous token can have taken the white space before this one
      while (begin > done && IsWhitespace(text[begin - 1])) --begin;
    }
    if (token->rstrip) {
      while (end < text.size() && IsWhitespace(text[end])) ++end;
    }
    if (done < begin) pieces.push_back({Piece::kText, done, begin});
    if (begin < end) pieces.push_back({token->id, begin, end});  // otherwise nothing of it is left
    done = end;
  }
  if (done < text.size()) pieces.push_back({Piece::kText, done, text.size()});
}

template class AddedTokenFinder<char16_t>;
template class AddedTokenFinder<char32_t>;

}  // namespace univar
