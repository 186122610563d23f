#include "faiss/index_parts.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/VectorTransform.h>

#include "core/huge_pages.h"
#include "faiss/fast_indexes.h"

namespace univar {
namespace {

using faiss::ScalarQuantizer;

std::string ScalarName(const ScalarQuantizer& quantizer) {
  switch (quantizer.qtype) {
    case ScalarQuantizer::QT_8bit: return "SQ8";
    case ScalarQuantizer::QT_4bit: return "SQ4";
    case ScalarQuantizer::QT_6bit: return "SQ6";
    case ScalarQuantizer::QT_fp16: return "SQfp16";
    case ScalarQuantizer::QT_bf16: return "SQbf16";
    case ScalarQuantizer::QT_8bit_direct: return "SQ8_direct";
    case ScalarQuantizer::QT_8bit_direct_signed: return "SQ8_direct_signed";
    case ScalarQuantizer::QT_8bit_uniform: return "SQ8_uniform";
    case ScalarQuantizer::QT_4bit_uniform: return "SQ4_uniform";
    default: return "SQ";  // a type of a newer FAISS version
  }
}

std::string ProductName(const faiss::ProductQuantizer& quantizer) {
  const std::string bits = quantizer.nbits == 8 ? "" : "x" + std::to_string(quantizer.nbits);
  return "PQ" + std::to_string(quantizer.M) + bits;
}

std::string TransformName(const faiss::VectorTransform& transform) {
  const std::string out = std::to_string(transform.d_out);
  if (const auto* pca = dynamic_cast<const faiss::PCAMatrix*>(&transform)) {
    return std::string("PCA") + (pca->eigen_power != 0 ? "W" : "") + (pca->random_rotation ? "R" : "") + out;
  }
  if (const auto* opq = dynamic_cast<const faiss::OPQMatrix*>(&transform)) {
    return "OPQ" + std::to_string(opq->M) + "_" + out;
  }
  if (dynamic_cast<const faiss::RandomRotationMatrix*>(&transform) != nullptr) return "RR" + out;
  if (dynamic_cast<const faiss::NormalizationTransform*>(&transform) != nullptr) return "L2norm";
  if (dynamic_cast<const faiss::RemapDimensionsTransform*>(&transform) != nullptr) return "Pad" + out;
  return "Linear" + out;  // an OPQ matrix read from a file is a plain linear transform
}

std::string GraphName(const faiss::HNSW& graph) { return "HNSW" + std::to_string(graph.nb_neighbors(0) / 2); }

std::string CoreName(const faiss::Index& index) {
  if (const auto* graph = dynamic_cast<const faiss::IndexHNSW*>(&index)) {
    const std::string storage = CoreName(*graph->storage);
    return GraphName(graph->hnsw) + (storage == "Flat" ? "" : "," + storage);
  }
  if (const auto* lists = dynamic_cast<const faiss::IndexIVF*>(&index)) {
    std::string name = "IVF" + std::to_string(lists->nlist);
    if (const auto* coarse = dynamic_cast<const faiss::IndexHNSW*>(lists->quantizer))
      name += "_" + GraphName(coarse->hnsw);
    if (const auto* scalar = dynamic_cast<const faiss::IndexIVFScalarQuantizer*>(lists))
      return name + "," + ScalarName(scalar->sq);
    if (const auto* product = dynamic_cast<const faiss::IndexIVFPQ*>(lists))
      return name + "," + ProductName(product->pq);
    return name + ",Flat";
  }
  if (const auto* scalar = dynamic_cast<const faiss::IndexScalarQuantizer*>(&index)) return ScalarName(scalar->sq);
  if (const auto* product = dynamic_cast<const faiss::IndexPQ*>(&index)) return ProductName(product->pq);
  return "Flat";
}

}  // namespace

IndexParts::IndexParts(faiss::Index* index) {
  refine = dynamic_cast<faiss::IndexRefine*>(index);
  if (refine != nullptr) {
    exact = dynamic_cast<faiss::IndexFlatCodes*>(refine->refine_index);
    index = refine->base_index;
  }
  transform = dynamic_cast<faiss::IndexPreTransform*>(index);
  core = transform != nullptr ? transform->index : index;
  lists = dynamic_cast<faiss::IndexIVF*>(core);
  graph = dynamic_cast<faiss::IndexHNSW*>(lists != nullptr ? lists->quantizer : core);
  if (lists == nullptr) storage = dynamic_cast<faiss::IndexFlatCodes*>(graph != nullptr ? graph->storage : core);
}

void IndexParts::SetRows(faiss::idx_t rows) const {
  core->ntotal = rows;
  if (transform != nullptr) transform->ntotal = rows;
  if (refine != nullptr) refine->ntotal = rows;
}

void IndexParts::MeasureCodes() const {
  if (auto* scalar = dynamic_cast<FastScalar*>(storage)) scalar->MeasureCodes();
}

float IndexParts::LargestEntry() const {
  const auto is_half = [](const faiss::Index* rows) {
    const auto* flat = dynamic_cast<const faiss::IndexScalarQuantizer*>(rows);
    const auto* lists = dynamic_cast<const faiss::IndexIVFScalarQuantizer*>(rows);
    const ScalarQuantizer* quantizer = flat != nullptr ? &flat->sq : lists != nullptr ? &lists->sq : nullptr;
    return quantizer != nullptr && quantizer->qtype == ScalarQuantizer::QT_fp16;
  };
  const bool half = is_half(storage) || is_half(exact) || is_half(core);
  return half ? 65504.0f : kMaxEntry;
}

void IndexParts::PreferHugePages() const {
  const auto prefer = [](const auto& vector) {
    univar::PreferHugePages(vector.data(), vector.capacity() * sizeof(vector[0]));
  };
  for (const faiss::IndexFlatCodes* rows : {storage, exact}) {
    if (rows != nullptr) prefer(rows->codes.owned_data);
  }
  if (graph == nullptr) return;
  prefer(graph->hnsw.neighbors.owned_data);
  prefer(graph->hnsw.offsets);
}

std::string CanonicalFactory(const faiss::Index& index) {
  if (const auto* refine = dynamic_cast<const faiss::IndexRefine*>(&index)) {
    const std::string rows = CoreName(*refine->refine_index);
    return CanonicalFactory(*refine->base_index) + (rows == "Flat" ? ",RFlat" : ",Refine(" + rows + ")");
  }
  const auto* transform = dynamic_cast<const faiss::IndexPreTransform*>(&index);
  if (transform == nullptr) return CoreName(index);
  std::string name;
  for (const faiss::VectorTransform* step : transform->chain) name += TransformName(*step) + ",";
  return name + CoreName(*transform->index);
}

int64_t MemoryBytes(const faiss::Index& index) {
  size_t bytes = 0;
  if (const auto* refine = dynamic_cast<const faiss::IndexRefine*>(&index)) {
    return MemoryBytes(*refine->base_index) + MemoryBytes(*refine->refine_index);
  }
  if (const auto* transform = dynamic_cast<const faiss::IndexPreTransform*>(&index)) {
    for (const faiss::VectorTransform* step : transform->chain) {
      if (const auto* linear = dynamic_cast<const faiss::LinearTransform*>(step))
        bytes += linear->A.size() * sizeof(float);
    }
    return static_cast<int64_t>(bytes) + MemoryBytes(*transform->index);
  }
  if (const auto* codes = dynamic_cast<const faiss::IndexFlatCodes*>(&index)) {
    bytes += codes->codes.owned_data.capacity();
  } else if (const auto* graph = dynamic_cast<const faiss::IndexHNSW*>(&index)) {
    bytes += graph->hnsw.neighbors.owned_data.capacity() * sizeof(int32_t);
    bytes += graph->hnsw.offsets.capacity() * sizeof(size_t) + graph->hnsw.levels.capacity() * sizeof(int);
    if (const auto* fast = dynamic_cast<const FastGraph*>(graph)) bytes += fast->link_memory_bytes();
    return static_cast<int64_t>(bytes) + MemoryBytes(*graph->storage);
  } else if (const auto* lists = dynamic_cast<const faiss::IndexIVF*>(&index)) {
    if (lists->invlists != nullptr)
      bytes += static_cast<size_t>(lists->ntotal) * (lists->code_size + sizeof(faiss::idx_t));
    return static_cast<int64_t>(bytes) + MemoryBytes(*lists->quantizer);
  }
  return static_cast<int64_t>(bytes);
}

}  // namespace univar
