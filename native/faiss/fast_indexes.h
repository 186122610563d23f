// FAISS's index classes with our kernels in their virtual functions. Each class derives from the one it replaces, so
// FAISS writes it to a file as that class, and the files are identical.
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

// Replaces an index, and the storages and coarse quantizers inside it, by the classes below and moves the content.
// Kinds without a faster class stay unchanged.
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
  // Measures the codes of new rows for squared distances in integers. Until then, or if it is not called, distances are
  // computed in float32.
  void MeasureCodes();
  const float* code_norms() const { return norms_.size() == static_cast<size_t>(ntotal) ? norms_.data() : nullptr; }

 private:
  std::vector<float> norms_;  // CodeNorm of every row, or of the first rows
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

// Common base of the two HNSW classes, which build graphs with HnswBuilder and search them with HnswWalk. If the codes
// of the storage have no kernel, they use FAISS's own code.
class FastGraph {
 public:
  virtual ~FastGraph() = default;
  // If the result is kAborted, the index is unfinished, and the caller must restore or discard it.
  virtual Status Add(faiss::idx_t n, const float* x, const Control& control) = 0;
  // Bytes of the HnswLinkMemory, which speeds up construction and is not part of the index.
  size_t link_memory_bytes() const { return memory_.bytes(); }
  // Forgets the links of removed rows.
  void TrimLinkMemory(size_t rows, size_t links_per_row) { memory_.Trim(rows, links_per_row); }
  void ReserveLinkMemory(size_t rows, size_t links_per_row);

 protected:
  Status AddRows(faiss::IndexHNSW* index, faiss::idx_t n, const float* x, const Control& control, bool* handled);
  void SearchRows(const faiss::IndexHNSW& index, faiss::idx_t n, const float* x, faiss::idx_t k, float* distances,
                  faiss::idx_t* labels, const faiss::SearchParameters* params) const;
  HnswLinkMemory memory_;

 private:
  // Returns false if it was cancelled.
  bool Repair(faiss::HNSW* graph, const HnswBuilder::NewDistances& stored, size_t n0, size_t n, const Control& control);
  // Searches run concurrently. Walks are reused, because their scratch has one entry per row.
  struct Searcher;
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
  // FAISS calls this for the centroids of a coarse quantizer.
  void add(faiss::idx_t n, const float* x) override;
};

using FastHnswFlat = FastHnsw<faiss::IndexHNSWFlat>;
using FastHnswScalar = FastHnsw<faiss::IndexHNSWSQ>;

}  // namespace univar
