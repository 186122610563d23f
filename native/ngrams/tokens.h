// Separates a text into tokens and hashes them: words, letters of scripts without spaces, marks and line breaks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace univar {

struct TokenHash {
  uint64_t written;  // of the token as written
  uint64_t lower;    // of its lower-case form
};

// Replaces `tokens` with the first `limit` tokens of well-formed UTF-16. Needs no memory but `tokens`, however long a
// token is.
void HashTokens(std::u16string_view text, size_t limit, std::vector<TokenHash>& tokens);

}  // namespace univar
