// One FAISS index behind Status-returning calls: what the binding's handles hold. Knows nothing of JavaScript.
//
// Changing calls (Train, Add, Reserve) exclude all others; Search, RangeSearch and the writers are const and may run
// side by side. The binding sees to that (binding/index.cc).
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
  int ef_construction = 0;   // 0: FAISS's default; for graphs
  int train_iterations = 0;  // 0: FAISS's default; for k-means of lists and product codes
  bool plain = false;        // FAISS's own distance code, for benchmarks and tests
};

struct IndexInfo {
  int64_t dim = 0;
  int64_t size = 0;
  Metric metric = Metric::kIp;
  bool trained = false;
  std::string factory;                                     // in canonical form
  int64_t ef_search = 0, nprobe = 0, ef_construction = 0;  // 0 where the kind has none
  double rerank = 0;    // candidates per result that are ranked again; 0 where none are
  int64_t removed = 0;  // of `size`
  bool mapped = false;
  int64_t bytes = 0;  // of memory, about; without what is mapped
};

struct SearchParams {
  int64_t ef_search = 0, nprobe = 0, rerank = 0;  // 0: the index's own value
  const uint8_t* filter = nullptr;                // bits of the rows that may be found (row_selector.h); null: all
  size_t filter_bytes = 0;
};

struct LoadOptions {
  bool plain = false;  // as in IndexSpec
  bool map = false;    // leave vectors, codes and links in the file; nothing can be added then
};

// Results of a range search: those of query i are entries offsets[i] .. offsets[i + 1] - 1, best first.
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

  // Reports finished k-means iterations. When it fails or is cancelled the index is as before.
  Status Train(ConstMatrix x, const Control& control);
  // Reports rows done. All rows are added or none.
  Status Add(ConstMatrix x, const Control& control);
  // Rows that are not there or were removed before are passed over. `removed` is how many were removed.
  Status Remove(const int32_t* rows, size_t count, size_t* removed);
  // Makes room for `rows` vectors in all.
  Status Reserve(size_t rows);

  // labels, distances: [queries.rows, k]; -1 where fewer than k were found. Reports queries done.
  Status Search(ConstMatrix queries, size_t k, const SearchParams& params, int32_t* labels, float* distances,
                const Control& control) const;
  Status RangeSearch(ConstMatrix queries, float radius, const SearchParams& params, RangeResult* result,
                     const Control& control) const;

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
  std::unique_ptr<faiss::ProductQuantizer> opq_quantizer_;  // used by a transform of index_ while it trains
  std::unique_ptr<faiss::Index> index_;
  std::vector<uint8_t> removed_;  // bits of rows (row_selector.h); empty until one is removed
  int64_t removed_count_ = 0;
  bool mapped_ = false;
};

}  // namespace univar
