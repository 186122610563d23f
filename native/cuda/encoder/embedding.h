// Sum of embeddings and its gradient, see ops/embedding.h. The gradient of a table row is the sum over the tokens that
// read it. Each token is linked to the next token with the same key (id or position), and the first token of a key
// follows the links.
#pragma once

#include "cuda/primitives/column_sums.h"
#include "ops/embedding.h"

namespace univar::cuda {

struct EmbedElement {
  static constexpr size_t kEach = 8;
  EmbeddingArgs args;
  const float* word;
  const float* position;  // or null
  const float* type;      // or null
  float* x;
  UNIVAR_HD void operator()(size_t t, size_t j) const {
    float sum = word[static_cast<size_t>(args.ids[t]) * args.cols + j];
    if (type != nullptr) sum += type[j];
    if (position != nullptr) sum += position[static_cast<size_t>(args.positions[t]) * args.cols + j];
    x[t * args.cols + j] = sum;
  }
};

struct KeyLink {
  int32_t first;  // whether no earlier token has the key
  int32_t next;   // the next token with the key; -1: none
};

// Links the tokens of each key. Each thread compares its token with all keys.
struct LinkKeys {
  static constexpr int kThreads = 128;
  const int32_t* keys;  // not negative
  size_t tokens;
  KeyLink* links;
  static size_t shared_bytes() { return SharedBytes<int32_t>(kThreads); }
  size_t blocks() const { return CeilDivide(tokens, kThreads); }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    int32_t* tile = block.template Shared<int32_t>(kThreads);
    typename B::template Local<KeyLink> link(block);
    block.Each([&](int t) { link[t] = {1, -1}; });
    for (size_t begin = 0; begin < tokens; begin += kThreads) {
      block.Each([&](int t) { tile[t] = begin + t < tokens ? keys[begin + t] : -1; });
      block.Each([&](int t) {
        const size_t token = block.index() * kThreads + t;
        if (token >= tokens) return;
        const int32_t key = keys[token];
        for (int n = 0; n < kThreads; ++n) {
          if (tile[n] != key) continue;
          const size_t other = begin + n;
          if (other < token) link[t].first = 0;
          if (other > token && link[t].next < 0) link[t].next = static_cast<int32_t>(other);
        }
      });
    }
    block.Each([&](int t) {
      const size_t token = block.index() * kThreads + t;
      if (token < tokens) links[token] = link[t];
    });
  }
};

// Adds to table[key_t] the sum of dx over the tokens with that key, in order.
struct AddLinkedElement {
  static constexpr size_t kEach = 1;
  const int32_t* keys;
  const KeyLink* links;
  const float* dx;
  int32_t skipped;
  float* table;
  size_t cols;
  UNIVAR_HD void operator()(size_t token, size_t j) const {
    const int32_t key = keys[token];
    if (links[token].first == 0 || key == skipped) return;
    double sum = 0.0;
    for (int32_t n = static_cast<int32_t>(token); n >= 0; n = links[n].next)
      sum += dx[static_cast<size_t>(n) * cols + j];
    float* to = table + static_cast<size_t>(key) * cols + j;
    *to = static_cast<float>(*to + sum);
  }
};

template <class Machine>
Status AddByKey(Machine& machine, const int32_t* keys, size_t tokens, size_t cols, const float* dx, int32_t skipped,
                float* table) {
  KeyLink* links = nullptr;
  UNIVAR_TRY(machine.Scratch(tokens, "links of equal tokens", &links));
  const LinkKeys link{keys, tokens, links};
  UNIVAR_TRY(machine.Launch(link, link.blocks()));
  return ForEach(machine, AddLinkedElement{keys, links, dx, skipped, table, cols}, tokens, cols);
}

template <class Machine>
Status EmbeddingForward(Machine& machine, const EmbeddingArgs& args, const float* word, const float* position,
                        const float* type, float* x) {
  return ForEach(machine, EmbedElement{args, word, position, type, x}, args.tokens, args.cols);
}

// Uses Scratch.
template <class Machine>
Status EmbeddingBackward(Machine& machine, const EmbeddingArgs& args, const float* dx, int32_t padding_id, float* dword,
                         float* dposition, float* dtype) {
  UNIVAR_TRY(AddByKey(machine, args.ids, args.tokens, args.cols, dx, padding_id, dword));
  if (dposition != nullptr) UNIVAR_TRY(AddByKey(machine, args.positions, args.tokens, args.cols, dx, -1, dposition));
  if (dtype == nullptr) return Status::Ok();
  return AddColumnSums(machine, dx, nullptr, args.tokens, args.cols, dtype);
}

}  // namespace univar::cuda
