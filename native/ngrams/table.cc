#include "ngrams/table.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <string>
#include <vector>

#include "core/numbers.h"
#include "core/try.h"
#include "cpu/bag.h"
#include "ops/l2_normalize.h"  // kMinNorm

namespace univar {
namespace {

constexpr size_t kBags = 64, kRows = 1024;  // per part of the work

std::array<float, 256> MakeWeights() {
  std::array<float, 256> weights;
  for (size_t count = 0; count < weights.size(); ++count)
    weights[count] = static_cast<float>(std::log1p(static_cast<double>(count)));
  return weights;
}

// Whether all entries of a row are finite. The bits of an exponent are all ones in NaN and infinity.
bool IsFinite(const BagTable& table, size_t row) {
  switch (table.type) {
    case TableType::kF32: {
      const float* values = static_cast<const float*>(table.data) + row * table.dim;
      uint32_t bad = 0;
      for (size_t d = 0; d < table.dim; ++d) bad |= (BitsOf(values[d]) & 0x7F800000u) == 0x7F800000u;
      return bad == 0;
    }
    case TableType::kF16: {
      const uint16_t* values = static_cast<const uint16_t*>(table.data) + row * table.dim;
      uint16_t bad = 0;
      for (size_t d = 0; d < table.dim; ++d) bad |= (values[d] & 0x7C00u) == 0x7C00u;
      return bad == 0;
    }
    case TableType::kInt8: return std::isfinite(table.scales[row]);
  }
  UNIVAR_UNREACHABLE();
}

// Scales a sum to unit length: see NgramTable::Encode. Returns false if it is not finite.
bool MakeUnit(float* x, size_t dim) {
  double squares = 0.0;
  for (size_t d = 0; d < dim; ++d) squares += static_cast<double>(x[d]) * x[d];
  if (!std::isfinite(squares)) return false;
  const double norm = std::sqrt(squares);
  if (norm < kMinNorm) {
    std::fill_n(x, dim, static_cast<float>(1.0 / std::sqrt(static_cast<double>(dim))));
  } else {
    for (size_t d = 0; d < dim; ++d) x[d] = static_cast<float>(x[d] / norm);
  }
  return true;
}

// The smallest of the numbers that threads note.
class First {
 public:
  void Note(size_t i) {
    size_t seen = value_.load(std::memory_order_relaxed);
    while (i < seen && !value_.compare_exchange_weak(seen, i, std::memory_order_relaxed)) {
    }
  }
  bool any() const { return value_ != SIZE_MAX; }
  std::string text() const { return std::to_string(value_.load()); }

 private:
  std::atomic<size_t> value_{SIZE_MAX};
};

Status CheckSums(const First& bad) {
  if (!bad.any()) return Status::Ok();
  return Status::Error(Code::kNonFinite, "The sum of the table's rows overflows for text " + bad.text());
}

}  // namespace

const float* NgramWeights() {
  static const std::array<float, 256> weights = MakeWeights();
  return weights.data();
}

float NgramWeight(uint32_t count) { return NgramWeights()[count]; }

NgramTable::NgramTable(const BagTable& rows, const uint32_t* keys) : rows_(rows) {
  if (keys != nullptr) index_ = KeyIndex(keys, rows.rows);
}

Status NgramTable::Create(const BagTable& rows, const uint32_t* keys, const Control& control,
                          std::unique_ptr<NgramTable>* table) {
  First unordered, bad;
  const auto check = [&](size_t, size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row) {
      if (keys != nullptr && row > 0 && keys[row - 1] >= keys[row]) unordered.Note(row);
      if (!IsFinite(rows, row)) bad.Note(row);
    }
  };
  UNIVAR_TRY(ForEachPart(CutEvenly(rows.rows, kRows), "the table", control, check));
  if (unordered.any()) {
    return Status::Error(Code::kData, "The key of row " + unordered.text() + " is not larger than the key before it");
  }
  if (bad.any()) return Status::Error(Code::kNonFinite, "Row " + bad.text() + " of the table is NaN or infinite");
  table->reset(new NgramTable(rows, keys));
  return Status::Ok();
}

void NgramTable::FindRows(const std::vector<NgramFeature>& features, std::vector<BagEntry>& entries) const {
  const float* const counted = NgramWeights();
  entries.clear();
  index_.Find(
      features.size(), [&](size_t f) { return features[f].id; },
      [&](size_t f, uint32_t row) { entries.push_back({row, counted[features[f].count]}); });
}

Status NgramTable::Encode(const TextBatch& texts, const NgramSettings& settings, float* out, int32_t* tokens,
                          const Control& control) const {
  First bad;
  const auto encode = [&](size_t, size_t begin, size_t end) {
    NgramScratch scratch;
    std::vector<NgramFeature> features;
    std::vector<BagEntry> entries;
    for (size_t i = begin; i < end; ++i) {
      tokens[i] = static_cast<int32_t>(ExtractNgrams(texts.text(i), settings, scratch, features));
      FindRows(features, entries);
      bag_forward_cpu(rows_, entries.data(), entries.size(), out + i * dim());
      if (!MakeUnit(out + i * dim(), dim())) bad.Note(i);
    }
  };
  UNIVAR_TRY(ForEachPart(CutIntoParts(texts), "the n-grams", control, encode));
  return CheckSums(bad);
}

Status NgramTable::Score(const TextBatch& texts, const std::vector<NgramSettings>& groups, float* out, float* known,
                         const Control& control) const {
  First bad;
  const auto score = [&](size_t, size_t begin, size_t end) {
    NgramScratch scratch;
    std::vector<NgramFeature> features;
    std::vector<BagEntry> entries;
    for (size_t i = begin; i < end; ++i) {
      ExtractNgrams(texts.text(i), groups, scratch, features);
      FindRows(features, entries);
      double squares = 0.0;
      for (const BagEntry& entry : entries) squares += std::pow(entry.weight, 2.0);
      double all = 0.0;
      for (const NgramFeature& feature : features) all += std::pow(NgramWeight(feature.count), 2.0);
      known[i] = all > 0.0 ? static_cast<float>(squares / all) : 0.0f;
      const float scale = squares > 0.0 ? static_cast<float>(1.0 / std::sqrt(squares)) : 0.0f;
      for (BagEntry& entry : entries) entry.weight *= scale;
      bag_forward_cpu(rows_, entries.data(), entries.size(), out + i * dim());
      if (!std::all_of(out + i * dim(), out + (i + 1) * dim(), [](float x) { return std::isfinite(x); })) bad.Note(i);
    }
  };
  UNIVAR_TRY(ForEachPart(CutIntoParts(texts), "the n-grams", control, score));
  return CheckSums(bad);
}

Status NgramTable::EncodeRows(const int32_t* ids, const int32_t* offsets, size_t bags, bool normalize, float* out,
                              const Control& control) const {
  First bad;
  const auto encode = [&](size_t, size_t begin, size_t end) {
    std::vector<BagEntry> entries;
    for (size_t i = begin; i < end; ++i) {
      const float weight = 1.0f / static_cast<float>(offsets[i + 1] - offsets[i]);
      entries.clear();
      for (int32_t k = offsets[i]; k < offsets[i + 1]; ++k) entries.push_back({static_cast<uint32_t>(ids[k]), weight});
      bag_forward_cpu(rows_, entries.data(), entries.size(), out + i * dim());
      if (normalize && !MakeUnit(out + i * dim(), dim())) bad.Note(i);
    }
  };
  UNIVAR_TRY(ForEachPart(CutEvenly(bags, kBags), "the rows of a text", control, encode));
  return CheckSums(bad);
}

void NgramTable::ReadRow(uint32_t row, float* out) const {
  const BagEntry entry{row, 1.0f};
  bag_forward_cpu(rows_, &entry, 1, out);
}

}  // namespace univar
