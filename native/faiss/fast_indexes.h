// FAISS's index classes with our kernels behind their virtual functions. Each derives from the class it replaces, so
// that FAISS writes it to a file as that class; nothing in a file tells them apart.
#pragma once

#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexScalarQuantizer.h>

#include <memory>
#include <mutex>
#include <vector>

#include "core/control.h"
#include "core/status.h"
#include "faiss/hnsw_builder.h"
#include "faiss/hnsw_walk.h"
#include "faiss/row_computer.h"

namespace univar {

// Replaces an index, and the storages and coarse quantizers inside it, by the classes below, moving the content. Kinds
// that have no faster class stay as they are.
std::unique_ptr<faiss::Index> Accelerate(std::unique_ptr<faiss::Index> index);

class FastFlat final : public faiss::IndexFlat {
 public:
  using IndexFlat::IndexFlat;
  faiss::FlatCodesDistanceComputer* get_FlatCodesDistanceComputer() const override;
  void search(faiss::idx_t n, const float* x, faiss::idx_t k, float* distances, faiss::idx_t* labels,
              const faiss::SearchParameters* params) const override;
  void range_search(faiss::idx_t n, const float* x, float radius, faiss::RangeSearchResult* result,
                    const faiss::SearchParameters* params) const override;
};

class FastScalar final : public faiss::IndexScalarQuantizer {
 public:
  using IndexScalarQuantizer::IndexScalarQuantizer;
  faiss::FlatCodesDistanceComputer* get_FlatCodesDistanceComputer() const override;
  void search(faiss::idx_t n, const float* x, faiss::idx_t k, float* distances, faiss::idx_t* labels,
              const faiss::SearchParameters* params) const override;
  void range_search(faiss::idx_t n, const float* x, float radius, faiss::RangeSearchResult* result,
                    const faiss::SearchParameters* params) const override;
};

class FastIvfFlat final : public faiss::IndexIVFFlat {
 public:
  using IndexIVFFlat::IndexIVFFlat;
  faiss::InvertedListScanner* get_InvertedListScanner(bool store_pairs, const faiss::IDSelector* selector,
                                                      const faiss::IVFSearchParameters* params) const override;
};

class FastIvfScalar final : public faiss::IndexIVFScalarQuantizer {
 public:
  using IndexIVFScalarQuantizer::IndexIVFScalarQuantizer;
  faiss::InvertedListScanner* get_InvertedListScanner(bool store_pairs, const faiss::IDSelector* selector,
                                                      const faiss::IVFSearchParameters* params) const override;
};

// Graph construction by HnswBuilder and searches by HnswWalk; either HNSW class. Where the storage has codes without a
// kernel, FAISS's own.
class FastGraph {
 public:
  virtual ~FastGraph() = default;
  // kAborted leaves the index unfinished: the caller restores it or throws it away.
  virtual Status Add(faiss::idx_t n, const float* x, const Control& control) = 0;
  // Bytes kept for faster construction (see HnswLinkMemory); they are not part of the index.
  size_t link_memory_bytes() const;
  // Forgets links of rows that are gone.
  void TrimLinkMemory(size_t rows, size_t links_per_row);
  void ReserveLinkMemory(size_t rows, size_t links_per_row);

 protected:
  Status AddRows(faiss::IndexHNSW* index, faiss::idx_t n, const float* x, const Control& control, bool* handled);
  void SearchRows(const faiss::IndexHNSW& index, faiss::idx_t n, const float* x, faiss::idx_t k, float* distances,
                  faiss::idx_t* labels, const faiss::SearchParameters* params) const;
  HnswLinkMemory memory_;

 private:
  // Searches run side by side. Their scratch has an entry per row, too much to make for each.
  std::unique_ptr<HnswWalk> TakeWalk() const;
  void KeepWalk(std::unique_ptr<HnswWalk> walk) const;
  mutable std::mutex walks_mutex_;
  mutable std::vector<std::unique_ptr<HnswWalk>> walks_;
};

template <typename Base>
class FastHnsw final : public Base, public FastGraph {
 public:
  Status Add(faiss::idx_t n, const float* x, const Control& control) override {
    bool handled = false;
    Status status = AddRows(this, n, x, control, &handled);
    if (!handled) Base::add(n, x);
    return status;
  }
  void search(faiss::idx_t n, const float* x, faiss::idx_t k, float* distances, faiss::idx_t* labels,
              const faiss::SearchParameters* params) const override;
  // What FAISS itself calls, for the centroids of a coarse quantizer.
  void add(faiss::idx_t n, const float* x) override;
};

using FastHnswFlat = FastHnsw<faiss::IndexHNSWFlat>;
using FastHnswScalar = FastHnsw<faiss::IndexHNSWSQ>;

}  // namespace univar
