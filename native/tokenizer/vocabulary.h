// The vocabulary as a trie over UTF-8 bytes, for longest-match-first look-up in one walk.
//
// The trie is a double array (Aoe 1989): the child of node n along byte b is node base(n) + b, if that one
// names n as its parent. So a step is one read, and children that are needed together lie close together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace univar {

class Vocabulary {
 public:
  static constexpr int32_t kNone = -1;
  // Keeps node numbers, of which there are a few more than bytes, far within 31 bits.
  static constexpr size_t kMaxBytes = size_t{1} << 28;

  struct Match {
    int32_t id = kNone;
    size_t length = 0;  // in bytes
  };

  // The tokens are tokens[offsets[i] .. offsets[i + 1] - 1] with id ids[i] >= 0, for i < count, at most
  // kMaxBytes in all. Of equal tokens one counts. `prefix` marks the tokens that continue a word.
  Vocabulary(const char* tokens, const int32_t* offsets, const int32_t* ids, size_t count, std::string_view prefix);

  // The longest token that starts a word and is a prefix of `text`.
  Match LongestStart(std::string_view text) const { return Longest(kRoot, text); }
  // The longest token that continues a word, without its prefix.
  Match LongestContinuation(std::string_view text) const {
    return continuation_ == kNowhere ? Match{} : Longest(continuation_, text);
  }

  size_t MemoryBytes() const { return nodes_.size() * sizeof(Node) + ids_.size() * sizeof(int32_t); }

 private:
  static constexpr uint32_t kRoot = 0;
  static constexpr uint32_t kNowhere = UINT32_MAX;

  struct Node {
    uint32_t parent = kNowhere;
    uint32_t base : 31 = 0;
    uint32_t is_token : 1 = 0;
  };

  // Every base leaves room for all bytes, so no step needs a bounds check.
  uint32_t Child(uint32_t node, char byte) const {
    const uint32_t child = nodes_[node].base + static_cast<unsigned char>(byte);
    return nodes_[child].parent == node ? child : kNowhere;
  }
  Match Longest(uint32_t node, std::string_view text) const;
  // A base where all `labels` are free; searches from `first_free_` on.
  uint32_t FindBase(const std::vector<unsigned char>& labels);

  std::vector<Node> nodes_;
  std::vector<int32_t> ids_;  // of each node that is a token
  uint32_t continuation_ = kNowhere;
  uint32_t first_free_ = 1;  // while building: where to start looking; nearly all nodes before it are taken
};

}  // namespace univar
