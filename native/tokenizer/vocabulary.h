// The vocabulary as a trie over UTF-8 bytes, which finds the longest match in one walk.
//
// The trie is a double array (Aoe 1989): the child of node n along byte b is node base(n) + b, if that node has n as
// its parent. A step is therefore one read, and the children of a node are close together in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace univar {

class Vocabulary {
 public:
  static constexpr int32_t kNone = -1;
  // Keeps node numbers well within 31 bits: the trie has slightly more nodes than bytes.
  static constexpr size_t kMaxBytes = size_t{1} << 28;

  struct Match {
    int32_t id = kNone;
    size_t length = 0;  // in bytes
  };

  // Token i < count is tokens[offsets[i] .. offsets[i + 1] - 1] with id ids[i] >= 0; the tokens have at most kMaxBytes
  // in total. Of equal tokens, only one is used. `prefix` marks the tokens that continue a word.
  Vocabulary(const char* tokens, const int32_t* offsets, const int32_t* ids, size_t count, std::string_view prefix);

  // Returns the longest token that starts a word and is a prefix of `text`.
  Match LongestStart(std::string_view text) const { return Longest(kRoot, text); }
  // Returns the longest token that continues a word and is, without its marker, a prefix of `text`.
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

  // Every base leaves space for all byte values, so a step needs no bounds check.
  uint32_t Child(uint32_t node, char byte) const {
    const uint32_t child = nodes_[node].base + static_cast<unsigned char>(byte);
    return nodes_[child].parent == node ? child : kNowhere;
  }
  Match Longest(uint32_t node, std::string_view text) const;
  // Returns a base for which the nodes of all `labels` are free, searching from `first_free_` on.
  uint32_t FindBase(const std::vector<unsigned char>& labels);

  std::vector<Node> nodes_;
  std::vector<int32_t> ids_;  // of nodes that are tokens
  uint32_t continuation_ = kNowhere;
  uint32_t first_free_ = 1;  // while building: start of the search, because nearly all nodes before it are taken
};

}  // namespace univar
