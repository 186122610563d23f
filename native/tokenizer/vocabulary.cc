#include "tokenizer/vocabulary.h"

#include <utility>

namespace univar {

Vocabulary::Vocabulary(const char* tokens, const int32_t* offsets, const int32_t* ids, size_t count,
                       std::string_view prefix)
    : edges_(1024), ids_(1, kNone) {
  for (size_t i = 0; i < count; ++i) {
    uint32_t node = kRoot;
    for (int32_t j = offsets[i]; j < offsets[i + 1]; ++j) node = AddChild(node, tokens[j]);
    if (node != kRoot) ids_[node] = ids[i];
  }
  continuation_ = kRoot;
  for (size_t i = 0; i < prefix.size() && continuation_ != kNowhere; ++i) continuation_ = Child(continuation_, prefix[i]);
}

size_t Vocabulary::Slot(uint32_t key) const {
  const size_t mask = edges_.size() - 1;
  // Multiplicative hashing: the upper bits of the product are the well-mixed ones.
  size_t slot = static_cast<size_t>((key * uint64_t{0x9E3779B97F4A7C15}) >> 32) & mask;
  while (edges_[slot].key != 0 && edges_[slot].key != key) slot = (slot + 1) & mask;
  return slot;
}

uint32_t Vocabulary::AddChild(uint32_t node, char byte) {
  const uint32_t key = Key(node, byte);
  size_t slot = Slot(key);
  if (edges_[slot].key == key) return edges_[slot].child;
  if (2 * ids_.size() >= edges_.size()) {
    Grow();
    slot = Slot(key);
  }
  const uint32_t child = static_cast<uint32_t>(ids_.size());
  edges_[slot] = {key, child};
  ids_.push_back(kNone);
  return child;
}

void Vocabulary::Grow() {
  const std::vector<Edge> old = std::exchange(edges_, std::vector<Edge>(2 * edges_.size()));
  for (const Edge& edge : old) {
    if (edge.key != 0) edges_[Slot(edge.key)] = edge;
  }
}

Vocabulary::Match Vocabulary::Longest(uint32_t node, std::string_view text) const {
  Match best;
  for (size_t i = 0; i < text.size(); ++i) {
    node = Child(node, text[i]);
    if (node == kNowhere) break;
    if (ids_[node] != kNone) best = {ids_[node], i + 1};
  }
  return best;
}

}  // namespace univar
