// The vocabulary as a trie over UTF-8 bytes, for longest-match-first look-up in one walk. Its edges lie in one hash
// table, so memory grows with the vocabulary and not with the alphabet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace univar {

class Vocabulary {
 public:
  static constexpr int32_t kNone = -1;
  // Nodes are numbered in 24 bits, and there are at most as many as bytes.
  static constexpr size_t kMaxBytes = (size_t{1} << 24) - 2;

  struct Match {
    int32_t id = kNone;
    size_t length = 0;  // in bytes
  };

  // The tokens are tokens[offsets[i] .. offsets[i + 1] - 1] with id ids[i] >= 0, for i < count, at most kMaxBytes in
  // all. Of equal tokens the last one counts. `prefix` marks the tokens that continue a word.
  Vocabulary(const char* tokens, const int32_t* offsets, const int32_t* ids, size_t count, std::string_view prefix);

  // The longest token that starts a word and is a prefix of `text`.
  Match LongestStart(std::string_view text) const { return Longest(kRoot, text); }
  // The longest token that continues a word, without its prefix.
  Match LongestContinuation(std::string_view text) const {
    return continuation_ == kNowhere ? Match{} : Longest(continuation_, text);
  }

  size_t MemoryBytes() const { return edges_.size() * sizeof(Edge) + ids_.size() * sizeof(int32_t); }

 private:
  static constexpr uint32_t kRoot = 0;
  static constexpr uint32_t kNowhere = UINT32_MAX;

  struct Edge {
    uint32_t key = 0;  // see Key; 0 is a free slot
    uint32_t child = kNowhere;
  };

  static uint32_t Key(uint32_t node, char byte) { return (node << 8) + static_cast<unsigned char>(byte) + 1; }
  // The slot that holds `key`, or the free one where it belongs.
  size_t Slot(uint32_t key) const;
  uint32_t Child(uint32_t node, char byte) const { return edges_[Slot(Key(node, byte))].child; }
  uint32_t AddChild(uint32_t node, char byte);
  void Grow();
  Match Longest(uint32_t node, std::string_view text) const;

  std::vector<Edge> edges_;   // open addressing, a power of two, at most half full
  std::vector<int32_t> ids_;  // of each node
  uint32_t continuation_ = kNowhere;
};

}  // namespace univar
