// A FAISS index with functions that return a Status. The handles of the binding hold it; it does not depend on
// JavaScript.
//
// Functions that change the index (such as Train, Add and Reserve) must not overlap with any other call. Search,
// RangeSearch and the writers are const and can run concurrently. The binding ensures this (binding/index_handle.h).
#pragma once

#include <faiss/Index.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/control.h"
#include "core/matrix.h"
#include "core/status.h"
#include "ops/metric.h"

namespace faiss {
struct IOWriter;
struct ProductQuantizer;
}  // namespace faiss

namespace univar {

struct IndexSpec {
  int dim = 0;
  Metric metric = Metric::kIp;
  std::string factory;
  int ef_construction = 0;   // of graphs; 0: FAISS's default
  int train_iterations = 0;  // of k-means for lists and product codes; 0: FAISS's default
  bool plain = false;        // uses FAISS's own distance code, for benchmarks and tests
};

struct IndexInfo {
  int64_t dim = 0;
  int64_t size = 0;
  Metric metric = Metric::kIp;
  bool trained = false;
  std::string factory;                                     // in canonical form
  int64_t ef_search = 0, nprobe = 0, ef_construction = 0;  // 0 if the kind of index does not have it
  double rerank = 0;    // candidates per result that are re-ranked; 0 without re-ranking
  int64_t removed = 0;  // number of removed rows within `size`
  bool mapped = false;
  int64_t bytes = 0;  // approximate memory, without the mapped file
};

struct SearchParams {
  int64_t ef_search = 0, nprobe = 0, rerank = 0;  // 0: the index's own value
  const uint8_t* filter = nullptr;                // bits of the allowed rows (row_selector.h); null: all
  size_t filter_bytes = 0;
};

struct LoadOptions {
  bool plain = false;  // as in IndexSpec
  bool map = false;    // leaves vectors, codes and links in the file; the index cannot grow
};

// Results of a range search. The results of query i are entries offsets[i] .. offsets[i + 1] - 1, best first.
struct RangeResult {
  std::vector<int32_t> offsets, labels;
  std::vector<float> distances;
};

class VectorIndex {
 public:
  VectorIndex();
  ~VectorIndex();

  static Status Create(const IndexSpec& spec, std::unique_ptr<VectorIndex>* index);
  static Status Load(const std::string& path, const LoadOptions& options, std::unique_ptr<VectorIndex>* index);
  static Status FromBytes(const uint8_t* data, size_t size, bool plain, std::unique_ptr<VectorIndex>* index);

  // Reports finished k-means iterations. If it fails or is cancelled, the index is unchanged.
  Status Train(ConstMatrix x, const Control& control);
  // Reports finished rows. Adds either all rows or none.
  Status Add(ConstMatrix x, const Control& control);
  // Ignores rows that do not exist or were already removed. `removed` receives the number of newly removed rows.
  Status Remove(const int32_t* rows, size_t count, size_t* removed);
  // Reserves memory for `rows` vectors in total.
  Status Reserve(size_t rows);

  // labels, distances: [queries.rows, k]. Labels of missing results are -1. Reports finished queries.
  Status Search(ConstMatrix queries, size_t k, const SearchParams& params, int32_t* labels, float* distances,
                const Control& control) const;
  Status RangeSearch(ConstMatrix queries, float radius, const SearchParams& params, RangeResult* result,
                     const Control& control) const;

  // The share of rows that a search for their own vectors finds, or something as near; of at most `sample` rows. Only
  // graphs can lose rows; for other kinds of index, it is 1.
  Status SelfRecall(size_t sample, const Control& control, double* recall) const;

  Status Save(const std::string& path) const;
  Status ToBytes(std::vector<uint8_t>* bytes) const;

  IndexInfo Describe() const;

 private:
  static Status Read(class ByteSource* source, const LoadOptions& options, std::unique_ptr<VectorIndex>* index);
  Status Write(faiss::IOWriter* out) const;
  Status Build();
  Status ExpectGrowing() const;
  class RowSelector Selector(const SearchParams& params) const;
  Status AddChunk(ConstMatrix x, const Control& control);

  IndexSpec spec_;
  std::unique_ptr<faiss::ProductQuantizer> opq_quantizer_;  // a transform of index_ uses it during training
  std::unique_ptr<faiss::Index> index_;
  std::vector<uint8_t> removed_;  // bits of removed rows (row_selector.h); empty until a row is removed
  int64_t removed_count_ = 0;
  bool mapped_ = false;
};

}  // namespace univar
