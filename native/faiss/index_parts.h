// What an index is made of: optionally float32 rows that rank its results again, an optional chain of transforms, then
// a flat, graph or inverted-file index.
#pragma once

#include <faiss/Index.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexPreTransform.h>
#include <faiss/IndexRefine.h>

#include <string>

namespace univar {

// No entry of a vector, centroid or transform may be larger. Sums of squares then stay finite in float32, which FAISS
// relies on: where no distance is a number, it leaves list numbers unset and reads wherever they point.
inline constexpr float kMaxEntry = 1e15f;

struct IndexParts {
  explicit IndexParts(faiss::Index* index);

  faiss::IndexRefine* refine = nullptr;
  faiss::IndexFlat* exact = nullptr;  // the rows of `refine`
  faiss::IndexPreTransform* transform = nullptr;
  faiss::Index* core = nullptr;              // behind the transforms
  faiss::IndexHNSW* graph = nullptr;         // the core itself, or the coarse quantizer of `lists`
  faiss::IndexIVF* lists = nullptr;          // the core
  faiss::IndexFlatCodes* storage = nullptr;  // the core or the storage of the core graph; null for lists

  // After rows were added to or taken from the core.
  void SetRows(faiss::idx_t rows) const;
};

// The factory string that makes such an index, as short as it can be: "HNSW32", "PCA64,IVF256,SQ8", "IVF256,PQ48".
std::string CanonicalFactory(const faiss::Index& index);

// Bytes of vectors, codes, ids, links, centroids and matrices.
int64_t MemoryBytes(const faiss::Index& index);

}  // namespace univar
