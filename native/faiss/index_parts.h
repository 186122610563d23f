// The parts of an index: optional float32 rows that re-rank its results, an optional chain of transforms, and a flat,
// graph or inverted-file index.
#pragma once

#include <faiss/Index.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexPreTransform.h>
#include <faiss/IndexRefine.h>

#include <string>

namespace univar {

// Largest magnitude of an entry of a vector, centroid or transform. With this limit, sums of squares stay finite in
// float32. FAISS relies on that: if no distance is a number, it leaves list numbers unset and then uses them as
// indices.
inline constexpr float kMaxEntry = 1e15f;

struct IndexParts {
  explicit IndexParts(faiss::Index* index);

  faiss::IndexRefine* refine = nullptr;
  faiss::IndexFlatCodes* exact = nullptr;  // the rows of `refine`, in float32 or 16 bits
  faiss::IndexPreTransform* transform = nullptr;
  faiss::Index* core = nullptr;              // the index after the transforms
  faiss::IndexHNSW* graph = nullptr;         // the core itself, or the coarse quantizer of `lists`
  faiss::IndexIVF* lists = nullptr;          // the core
  faiss::IndexFlatCodes* storage = nullptr;  // the core or the storage of the core graph; null for lists

  // Sets the number of rows after rows were added to or removed from the core.
  void SetRows(faiss::idx_t rows) const;
  // After rows were added: what searches over 8-bit codes need. Reads all new codes.
  void MeasureCodes() const;
  // The largest magnitude of an entry that the codes hold.
  float LargestEntry() const;
  // For what searches read at random: rows and links, also those that are only reserved yet.
  void PreferHugePages() const;
};

// Returns the shortest factory string that creates such an index: "HNSW32", "PCA64,IVF256,SQ8", "IVF256,PQ48".
std::string CanonicalFactory(const faiss::Index& index);

// Returns the bytes of vectors, codes, ids, links, centroids and matrices.
int64_t MemoryBytes(const faiss::Index& index);

}  // namespace univar
