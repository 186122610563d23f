#include "faiss/row_ranking.h"

#include <algorithm>
#include <limits>
#include <memory>

#include "faiss/metric.h"
#include "faiss/row_computer.h"
#include "faiss/team.h"

namespace univar {

using faiss::idx_t;

namespace {

struct Entry {
  float distance;  // smaller is nearer
  int32_t row;
};

bool Nearer(const Entry& a, const Entry& b) {
  return a.distance != b.distance ? a.distance < b.distance : a.row < b.row;
}

// Compares the rows of a storage in one thread, many rows per call if there is a kernel for its codes.
class Comparer {
 public:
  explicit Comparer(const faiss::IndexFlatCodes& storage)
      : computer_(storage.get_FlatCodesDistanceComputer()),
        ours_(dynamic_cast<RowComputer*>(computer_.get())),
        sign_(DistanceSign(TraitsOf(storage.metric_type))) {}

  void SetQuery(const float* query) { computer_->set_query(query); }

  // Returns the k nearest of the candidates, nearest first. Those below 0 are none.
  const std::vector<Entry>& Rank(const idx_t* candidates, size_t count, size_t k) {
    rows_.clear();
    for (size_t i = 0; i < count; ++i) {
      if (candidates[i] >= 0) rows_.push_back(static_cast<int32_t>(candidates[i]));
    }
    return Rank(rows_.data(), rows_.size(), k);
  }
  // Returns the k nearest of `rows`, nearest first.
  const std::vector<Entry>& Rank(const int32_t* rows, size_t count, size_t k) {
    constexpr size_t kBlock = 256;
    entries_.clear();
    distances_.resize(kBlock);
    for (size_t begin = 0; begin < count; begin += kBlock) {
      const size_t size = std::min(kBlock, count - begin);
      Distances(rows + begin, size);
      for (size_t i = 0; i < size; ++i) Offer({sign_ * distances_[i], rows[begin + i]}, k);
    }
    std::sort_heap(entries_.begin(), entries_.end(), Nearer);
    return entries_;
  }
  float sign() const { return sign_; }

 private:
  void Distances(const int32_t* rows, size_t count) {
    if (ours_ != nullptr) {
      ours_->ByIds(rows, count, distances_.data());
    } else {
      for (size_t i = 0; i < count; ++i) distances_[i] = (*computer_)(rows[i]);
    }
  }
  // Adds an entry to a heap with the farthest entry on top.
  void Offer(Entry entry, size_t k) {
    if (entries_.size() == k) {
      if (!Nearer(entry, entries_.front())) return;
      std::pop_heap(entries_.begin(), entries_.end(), Nearer);
      entries_.pop_back();
    }
    entries_.push_back(entry);
    std::push_heap(entries_.begin(), entries_.end(), Nearer);
  }

  std::unique_ptr<faiss::FlatCodesDistanceComputer> computer_;
  RowComputer* ours_;
  float sign_;
  std::vector<Entry> entries_;
  std::vector<float> distances_;
  std::vector<int32_t> rows_;
};

void Write(const std::vector<Entry>& entries, size_t k, float sign, float* distances, idx_t* labels) {
  for (size_t j = 0; j < k; ++j) {
    const bool found = j < entries.size();
    distances[j] = sign * (found ? entries[j].distance : std::numeric_limits<float>::max());
    labels[j] = found ? entries[j].row : -1;
  }
}

// Calls rank(comparer, i) for every query.
template <typename Rank>
void ForEachQuery(const faiss::IndexFlatCodes& storage, ConstMatrix queries, Rank rank) {
  ForEachInTeam(
      queries.rows, [&] { return Comparer(storage); },
      [&](Comparer& comparer, size_t i) {
        comparer.SetQuery(queries.row(i));
        rank(comparer, i);
      });
}

}  // namespace

void RankRows(const faiss::IndexFlatCodes& storage, const std::vector<int32_t>& rows, ConstMatrix queries, size_t k,
              float* distances, idx_t* labels) {
  ForEachQuery(storage, queries, [&](Comparer& comparer, size_t i) {
    Write(comparer.Rank(rows.data(), rows.size(), k), k, comparer.sign(), distances + i * k, labels + i * k);
  });
}

void RankAgain(const faiss::IndexFlatCodes& storage, ConstMatrix queries, const idx_t* candidates, size_t count,
               size_t k, float* distances, idx_t* labels) {
  ForEachQuery(storage, queries, [&](Comparer& comparer, size_t i) {
    const std::vector<Entry>& nearest = comparer.Rank(candidates + i * count, count, k);
    Write(nearest, k, comparer.sign(), distances + i * k, labels + i * k);
  });
}

}  // namespace univar
