// A table of embeddings that encodes texts by their n-grams, or given rows. It does not own its arrays, and is
// immutable, so any number of threads can encode with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/control.h"
#include "core/status.h"
#include "core/text_batch.h"
#include "ngrams/features.h"
#include "ngrams/key_index.h"
#include "ops/bag.h"

namespace univar {

// Returns log(1 + count), the weight of an n-gram in a text. `count` is at most 255.
float NgramWeight(uint32_t count);
// Returns the weights of all counts: [256].
const float* NgramWeights();

class NgramTable {
 public:
  // keys: [rows], the feature id of every row, ascending and distinct; null for a table that encodes only given rows.
  // Returns kNonFinite naming the first row with a NaN or an infinity, and kData if the keys are not ascending.
  static Status Create(const BagTable& rows, const uint32_t* keys, const Control& control,
                       std::unique_ptr<NgramTable>* table);

  // out: [texts, dim]. A text's vector is the sum of the rows of its n-grams, weighted by NgramWeight and scaled to
  // unit length. N-grams without a row are ignored. Rows whose sum is zero, such as those of a text without known
  // n-grams, become the unit vector (1, ..., 1) / sqrt(dim). tokens: [texts], receives the numbers of tokens read.
  // Returns kNonFinite, naming the text, if a sum overflows.
  Status Encode(const TextBatch& texts, const NgramSettings& settings, float* out, int32_t* tokens,
                const Control& control) const;

  // out: [texts, dim]. A text's scores are the sum of the rows of its n-grams, weighted by NgramWeight. The weights of
  // the n-grams with a row are scaled to unit length; the others are ignored. Texts without such n-grams have scores 0.
  // known: [texts], receives the share of the squared weights that belongs to n-grams with a row, and 0 for an empty
  // text. Returns kNonFinite, naming the text, if a sum overflows.
  Status Score(const TextBatch& texts, const std::vector<NgramSettings>& groups, float* out, float* known,
               const Control& control) const;

  // out: [bags, dim]. Bag i is the mean of the rows ids[offsets[i]] to ids[offsets[i + 1] - 1], and zero if there are
  // none. `normalize` scales it to unit length, like Encode.
  Status EncodeRows(const int32_t* ids, const int32_t* offsets, size_t bags, bool normalize, float* out,
                    const Control& control) const;

  // Calls found(i, row) for every i < count whose feature id has a row: see KeyIndex::Find.
  const KeyIndex& index() const { return index_; }
  // Copies a row, dequantised, to out: [dim].
  void ReadRow(uint32_t row, float* out) const;
  size_t rows() const { return rows_.rows; }
  size_t dim() const { return rows_.dim; }
  size_t MemoryBytes() const { return sizeof *this + index_.MemoryBytes(); }

 private:
  NgramTable(const BagTable& rows, const uint32_t* keys);
  // Replaces `entries` with the rows of the features that have one, with their weights.
  void FindRows(const std::vector<NgramFeature>& features, std::vector<BagEntry>& entries) const;

  BagTable rows_;
  KeyIndex index_;
};

}  // namespace univar
