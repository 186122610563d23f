#include "tokenizer/vocabulary.h"

#include <algorithm>

namespace univar {
namespace {

constexpr size_t kBytes = 256;

struct Token {
  std::string_view text;
  int32_t id;
};

// A node whose children have not been placed yet. Tokens begin to end - 1 share its first `depth` bytes.
struct Pending {
  uint32_t node;
  size_t begin, end, depth;
};

}  // namespace

Vocabulary::Vocabulary(const char* tokens, const int32_t* offsets, const int32_t* ids, size_t count,
                       std::string_view prefix)
    : nodes_(2 * kBytes), ids_(2 * kBytes, kNone) {
  std::vector<Token> sorted(count);
  for (size_t i = 0; i < count; ++i) {
    sorted[i] = {{tokens + offsets[i], static_cast<size_t>(offsets[i + 1] - offsets[i])}, ids[i]};
  }
  std::sort(sorted.begin(), sorted.end(), [](const Token& a, const Token& b) { return a.text < b.text; });

  nodes_[kRoot].parent = kRoot;  // taken
  std::vector<Pending> pending{{kRoot, 0, count, 0}};
  std::vector<unsigned char> labels;
  std::vector<size_t> starts;
  while (!pending.empty()) {
    const Pending current = pending.back();
    pending.pop_back();
    // A token that ends here sorts first.
    size_t i = current.begin;
    for (; i < current.end && sorted[i].text.size() == current.depth; ++i) {
      if (current.node == kRoot) continue;  // the empty token never matches
      nodes_[current.node].is_token = 1;
      ids_[current.node] = sorted[i].id;
    }
    labels.clear();
    starts.clear();
    for (; i < current.end; ++i) {
      const unsigned char label = static_cast<unsigned char>(sorted[i].text[current.depth]);
      if (!labels.empty() && labels.back() == label) continue;
      labels.push_back(label);
      starts.push_back(i);
    }
    if (labels.empty()) continue;
    starts.push_back(current.end);
    const uint32_t base = FindBase(labels);
    nodes_[current.node].base = base;
    for (const unsigned char label : labels) nodes_[base + label].parent = current.node;
    for (size_t k = labels.size(); k-- > 0;)
      pending.push_back({base + labels[k], starts[k], starts[k + 1], current.depth + 1});
  }

  continuation_ = kRoot;
  for (size_t i = 0; i < prefix.size() && continuation_ != kNowhere; ++i)
    continuation_ = Child(continuation_, prefix[i]);
}

uint32_t Vocabulary::FindBase(const std::vector<unsigned char>& labels) {
  // The node of the first label. With base >= 1, the root cannot be the child of any node.
  const uint32_t start = std::max<uint32_t>(first_free_, labels.front() + 1u);
  size_t taken = 0;
  for (uint32_t position = start;; ++position) {
    const uint32_t base = position - labels.front();
    if (base + 2 * kBytes > nodes_.size()) {
      nodes_.resize(2 * nodes_.size());
      ids_.resize(nodes_.size(), kNone);
    }
    const auto is_free = [&](unsigned char label) { return nodes_[base + label].parent == kNowhere; };
    if (!is_free(labels.front())) {
      ++taken;
      continue;
    }
    if (!std::all_of(labels.begin(), labels.end(), is_free)) continue;
    // If nearly all nodes are taken, searching the gaps again each time costs more than it saves.
    if (20 * taken >= 19 * (position - start + 1)) first_free_ = position;
    return base;
  }
}

Vocabulary::Match Vocabulary::Longest(uint32_t node, std::string_view text) const {
  Match best;
  uint32_t token = kNowhere;
  for (size_t i = 0; i < text.size(); ++i) {
    node = Child(node, text[i]);
    if (node == kNowhere) break;
    if (nodes_[node].is_token != 0) {
      token = node;
      best.length = i + 1;
    }
  }
  if (token != kNowhere) best.id = ids_[token];
  return best;
}

}  // namespace univar
