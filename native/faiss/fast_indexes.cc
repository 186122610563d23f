#include "faiss/fast_indexes.h"

#include <faiss/IndexPreTransform.h>
#include <faiss/IndexRefine.h>
#include <faiss/impl/FaissAssert.h>
#include <omp.h>

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

#include "faiss/hnsw_repair.h"
#include "faiss/metric.h"
#include "faiss/row_scanner.h"
#include "faiss/team.h"

namespace univar {

using faiss::idx_t;

namespace {

// For this many queries or more, one matrix product is faster than a scan for each query.
constexpr idx_t kProductQueries = 20;

// A bfloat16 copy of the rows pays off only if many rows are added in one call, compared with the existing rows.
constexpr idx_t kCompressFrom = 1000;
constexpr idx_t kCompressShare = 64;

bool Usable(const faiss::Index& index, const faiss::SearchParameters* params) {
  return FromFaiss(index.metric_type).has_value() && (params == nullptr || params->sel == nullptr);
}

std::shared_ptr<const RowFormat> FlatFormat(const faiss::IndexFlat& index) {
  return std::make_shared<RowFormat>(RowFormat::Float32(static_cast<size_t>(index.d)));
}

// Returns null if there is no kernel for the codes.
std::shared_ptr<const RowFormat> ScalarFormat(const faiss::ScalarQuantizer& quantizer) {
  auto format = std::make_shared<RowFormat>();
  return RowFormat::FromScalarQuantizer(quantizer, format.get()) ? format : nullptr;
}

// Returns null if the storage is of another class or its codes have no kernel.
std::shared_ptr<const RowFormat> StorageFormat(const faiss::Index* storage) {
  if (const auto* flat = dynamic_cast<const FastFlat*>(storage)) return FlatFormat(*flat);
  if (const auto* scalar = dynamic_cast<const FastScalar*>(storage)) return ScalarFormat(scalar->sq);
  return nullptr;
}

}  // namespace

faiss::FlatCodesDistanceComputer* FastFlat::get_FlatCodesDistanceComputer() const {
  return new RowComputer(FlatFormat(*this), TraitsOf(metric_type), codes.data());
}

void FastFlat::search(idx_t n, const float* x, idx_t k, float* distances, idx_t* labels,
                      const faiss::SearchParameters* params) const {
  if (n >= kProductQueries || !Usable(*this, params)) {
    IndexFlat::search(n, x, k, distances, labels, params);
  } else {
    ScanFlat(FlatFormat(*this), TraitsOf(metric_type), codes.data(), static_cast<size_t>(ntotal), n, x, k, distances,
             labels);
  }
}

void FastFlat::range_search(idx_t n, const float* x, float radius, faiss::RangeSearchResult* result,
                            const faiss::SearchParameters* params) const {
  if (n >= kProductQueries || !Usable(*this, params)) {
    IndexFlat::range_search(n, x, radius, result, params);
  } else {
    ScanFlatRange(FlatFormat(*this), TraitsOf(metric_type), codes.data(), static_cast<size_t>(ntotal), n, x, radius,
                  result);
  }
}

faiss::FlatCodesDistanceComputer* FastScalar::get_FlatCodesDistanceComputer() const {
  const auto format = ScalarFormat(sq);
  if (format == nullptr) return IndexScalarQuantizer::get_FlatCodesDistanceComputer();
  return new RowComputer(format, TraitsOf(metric_type), codes.data(), code_norms());
}

void FastScalar::MeasureCodes() {
  const auto format = ScalarFormat(sq);
  if (format == nullptr || format->type != RowType::kU8 || !TraitsOf(metric_type).sums_differences) return;
  const size_t measured = norms_.size();
  const auto rows = static_cast<size_t>(ntotal);
  norms_.resize(rows);
#pragma omp parallel for schedule(static) if (rows - measured > 10'000)
  for (size_t i = measured; i < rows; ++i) norms_[i] = CodeNorm(*format, codes.data() + i * code_size);
}

void FastScalar::search(idx_t n, const float* x, idx_t k, float* distances, idx_t* labels,
                        const faiss::SearchParameters* params) const {
  const auto format = ScalarFormat(sq);
  if (format == nullptr || !Usable(*this, params)) {
    IndexScalarQuantizer::search(n, x, k, distances, labels, params);
  } else {
    ScanFlat(format, TraitsOf(metric_type), codes.data(), static_cast<size_t>(ntotal), n, x, k, distances, labels);
  }
}

void FastScalar::range_search(idx_t n, const float* x, float radius, faiss::RangeSearchResult* result,
                              const faiss::SearchParameters* params) const {
  const auto format = ScalarFormat(sq);
  if (format == nullptr || !Usable(*this, params)) {
    IndexScalarQuantizer::range_search(n, x, radius, result, params);
  } else {
    ScanFlatRange(format, TraitsOf(metric_type), codes.data(), static_cast<size_t>(ntotal), n, x, radius, result);
  }
}

faiss::InvertedListScanner* FastIvfFlat::get_InvertedListScanner(bool store_pairs, const faiss::IDSelector* selector,
                                                                 const faiss::IVFSearchParameters* params) const {
  if (!Usable(*this, nullptr)) return IndexIVFFlat::get_InvertedListScanner(store_pairs, selector, params);
  auto format = std::make_shared<RowFormat>(RowFormat::Float32(static_cast<size_t>(d)));
  return new RowScanner(std::move(format), TraitsOf(metric_type), nullptr, store_pairs, selector);
}

faiss::InvertedListScanner* FastIvfScalar::get_InvertedListScanner(bool store_pairs, const faiss::IDSelector* selector,
                                                                   const faiss::IVFSearchParameters* params) const {
  auto format = ScalarFormat(sq);
  if (format == nullptr || !Usable(*this, nullptr)) {
    return IndexIVFScalarQuantizer::get_InvertedListScanner(store_pairs, selector, params);
  }
  return new RowScanner(std::move(format), TraitsOf(metric_type), by_residual ? quantizer : nullptr, store_pairs,
                        selector);
}

void FastGraph::ReserveLinkMemory(size_t rows, size_t links_per_row) {
  memory_.distances.reserve(rows * links_per_row);
  memory_.pruned.reserve(rows);
}

Status FastGraph::AddRows(faiss::IndexHNSW* index, idx_t n, const float* x, const Control& control, bool* handled) {
  const auto format = StorageFormat(index->storage);
  const bool usual = index->init_level0 && !index->keep_max_size_level0;
  *handled = format != nullptr && usual;
  if (!*handled) return Status::Ok();

  const idx_t before = index->ntotal;
  index->storage->add(n, x);
  index->ntotal = index->storage->ntotal;
  const MetricTraits metric = TraitsOf(index->metric_type);
  const size_t dim = static_cast<size_t>(index->d);
  const uint8_t* codes = static_cast<const faiss::IndexFlatCodes*>(index->storage)->codes.data();

  CompressedRows compressed;
  HnswBuilder::NewDistances new_distances;
  if (format->type == RowType::kF32 && n >= kCompressFrom && n >= index->ntotal / kCompressShare) {
    Status status =
        compressed.Fill(reinterpret_cast<const float*>(codes), static_cast<size_t>(index->ntotal), dim, metric);
    if (!status.ok()) return status;
    new_distances = [&] { return std::make_unique<CompressedDistances>(compressed); };
  } else {
    new_distances = [&] {
      return std::make_unique<StoredDistances>(std::make_unique<RowComputer>(format, metric, codes));
    };
  }
  HnswBuilder builder(&index->hnsw, &memory_, std::move(new_distances), dim);
  const auto n0 = static_cast<size_t>(before);
  if (!builder.Insert(n0, static_cast<size_t>(n), x, control)) return Status::Aborted();
  const auto stored = [&] {
    return std::make_unique<StoredDistances>(std::make_unique<RowComputer>(format, metric, codes));
  };
  return Repair(&index->hnsw, stored, n0, static_cast<size_t>(n), control) ? Status::Ok() : Status::Aborted();
}

bool FastGraph::Repair(faiss::HNSW* graph, const HnswBuilder::NewDistances& stored, size_t n0, size_t n,
                       const Control& control) try {
  std::vector<HnswSearcher> searchers;
  for (int i = 0; i < omp_get_max_threads(); ++i) {
    searchers.push_back({stored(), TakeWalk()});
    searchers.back().walk->Prepare(graph, n0 + n);
  }
  const bool done = HnswRepair(graph, &memory_, &searchers).AfterAddition(n0, n, control);
  for (HnswSearcher& searcher : searchers) KeepWalk(std::move(searcher.walk));
  return done;
} catch (const std::bad_alloc&) {
  return true;  // The rows are in the graph, and a small addition could not be taken back.
}

std::unique_ptr<HnswWalk> FastGraph::TakeWalk() const {
  const std::lock_guard<std::mutex> lock(walks_mutex_);
  if (walks_.empty()) return std::make_unique<HnswWalk>();
  auto walk = std::move(walks_.back());
  walks_.pop_back();
  return walk;
}

void FastGraph::KeepWalk(std::unique_ptr<HnswWalk> walk) const {
  const std::lock_guard<std::mutex> lock(walks_mutex_);
  walks_.push_back(std::move(walk));
}

// What a thread needs to search. Gives the walk back at the end.
struct FastGraph::Searcher {
  const FastGraph* graph;
  std::unique_ptr<HnswWalk> walk;
  std::unique_ptr<QueryDistances> compared;
  ~Searcher() { graph->KeepWalk(std::move(walk)); }
};

void FastGraph::SearchRows(const faiss::IndexHNSW& index, idx_t n, const float* x, idx_t k, float* distances,
                           idx_t* labels, const faiss::SearchParameters* params) const {
  const auto format = StorageFormat(index.storage);
  const auto* given = dynamic_cast<const faiss::SearchParametersHNSW*>(params);
  const faiss::IDSelector* selector = params == nullptr ? nullptr : params->sel;
  const auto rows = static_cast<size_t>(index.ntotal);
  const auto wanted = static_cast<size_t>(k);
  const size_t ef =
      static_cast<size_t>(std::max<idx_t>({given != nullptr ? given->efSearch : index.hnsw.efSearch, k, 1}));
  const uint8_t* codes = static_cast<const faiss::IndexFlatCodes*>(index.storage)->codes.data();
  const auto* scalar = dynamic_cast<const FastScalar*>(index.storage);
  const float* norms = scalar == nullptr ? nullptr : scalar->code_norms();
  const MetricTraits metric = TraitsOf(index.metric_type);
  const float sign = DistanceSign(metric);
  std::fill(labels, labels + static_cast<size_t>(n) * wanted, -1);
  std::fill(distances, distances + static_cast<size_t>(n) * wanted, sign * std::numeric_limits<float>::max());
  if (rows == 0) return;
  const auto new_searcher = [&] {
    std::unique_ptr<HnswWalk> walk = TakeWalk();
    walk->Prepare(&index.hnsw, rows);
    if (format != nullptr) {
      auto computer = std::make_unique<RowComputer>(format, metric, codes, norms);
      return Searcher{this, std::move(walk), std::make_unique<StoredDistances>(std::move(computer))};
    }
    std::unique_ptr<faiss::DistanceComputer> computer(index.storage->get_distance_computer());
    return Searcher{this, std::move(walk), std::make_unique<ForeignDistances>(std::move(computer), metric)};
  };
  ForEachInTeam(static_cast<size_t>(n), new_searcher, [&](Searcher& searcher, size_t i) {
    HnswWalk& walk = *searcher.walk;
    QueryDistances& compared = *searcher.compared;
    compared.SetQuery(x + i * static_cast<size_t>(index.d));
    const HnswNeighbour entry = walk.Enter(compared, 0);
    const std::vector<HnswNeighbour>& found = selector == nullptr ? walk.SearchLevel(compared, 0, entry, ef)
                                                                  : walk.SearchSelected(compared, entry, ef, *selector);
    const size_t at = i * wanted;
    for (size_t j = 0; j < std::min(wanted, found.size()); ++j) {
      distances[at + j] = sign * found[j].distance;
      labels[at + j] = found[j].id;
    }
  });
}

template <typename Base>
void FastHnsw<Base>::search(idx_t n, const float* x, idx_t k, float* distances, idx_t* labels,
                            const faiss::SearchParameters* params) const {
  SearchRows(*this, n, x, k, distances, labels, params);
}

template <typename Base>
void FastHnsw<Base>::add(idx_t n, const float* x) {
  const Status status = Add(n, x, Control());
  if (!status.ok()) FAISS_THROW_MSG(status.message());
}

template class FastHnsw<faiss::IndexHNSWFlat>;
template class FastHnsw<faiss::IndexHNSWSQ>;

namespace {

void CopyHeader(const faiss::Index& from, faiss::Index* to) {
  to->d = from.d;
  to->ntotal = from.ntotal;
  to->is_trained = from.is_trained;
  to->metric_type = from.metric_type;
  to->metric_arg = from.metric_arg;
}

// These functions move the content out of the old index and delete it.
std::unique_ptr<faiss::Index> FromFlat(faiss::IndexFlat* old) {
  auto fast = std::make_unique<FastFlat>(old->d, old->metric_type);
  CopyHeader(*old, fast.get());
  fast->codes = std::move(old->codes);
  return fast;
}

std::unique_ptr<faiss::Index> FromScalar(faiss::IndexScalarQuantizer* old) {
  auto fast = std::make_unique<FastScalar>(old->d, old->sq.qtype, old->metric_type);
  CopyHeader(*old, fast.get());
  fast->sq = old->sq;
  fast->code_size = old->code_size;
  fast->codes = std::move(old->codes);
  return fast;
}

faiss::Index* AccelerateOwned(faiss::Index* owned) {
  return Accelerate(std::unique_ptr<faiss::Index>(owned)).release();
}

template <typename Fast>
std::unique_ptr<faiss::Index> FromGraph(faiss::IndexHNSW* old) {
  auto fast = std::make_unique<Fast>();
  CopyHeader(*old, fast.get());
  fast->hnsw = std::move(old->hnsw);
  if (fast->own_fields) delete fast->storage;
  fast->storage = AccelerateOwned(std::exchange(old->storage, nullptr));
  fast->own_fields = true;
  return fast;
}

void MoveLists(faiss::IndexIVF* old, faiss::IndexIVF* fast) {
  CopyHeader(*old, fast);
  fast->nlist = old->nlist;
  fast->nprobe = old->nprobe;
  fast->max_codes = old->max_codes;
  fast->quantizer_trains_alone = old->quantizer_trains_alone;
  fast->cp = old->cp;
  fast->code_size = old->code_size;
  fast->by_residual = old->by_residual;
  fast->quantizer = AccelerateOwned(std::exchange(old->quantizer, nullptr));
  fast->own_fields = true;
  if (fast->own_invlists) delete fast->invlists;
  fast->invlists = std::exchange(old->invlists, nullptr);
  fast->own_invlists = true;
}

}  // namespace

std::unique_ptr<faiss::Index> Accelerate(std::unique_ptr<faiss::Index> index) {
  faiss::Index* old = index.get();
  if (auto* flat = dynamic_cast<faiss::IndexFlat*>(old)) return FromFlat(flat);
  if (auto* scalar = dynamic_cast<faiss::IndexScalarQuantizer*>(old)) return FromScalar(scalar);
  if (auto* graph = dynamic_cast<faiss::IndexHNSWFlat*>(old)) return FromGraph<FastHnswFlat>(graph);
  if (auto* graph = dynamic_cast<faiss::IndexHNSWSQ*>(old)) return FromGraph<FastHnswScalar>(graph);
  if (auto* lists = dynamic_cast<faiss::IndexIVFFlat*>(old)) {
    auto fast = std::make_unique<FastIvfFlat>();
    MoveLists(lists, fast.get());
    return fast;
  }
  if (auto* lists = dynamic_cast<faiss::IndexIVFScalarQuantizer*>(old)) {
    auto fast = std::make_unique<FastIvfScalar>();
    MoveLists(lists, fast.get());
    fast->sq = lists->sq;
    return fast;
  }
  if (auto* lists = dynamic_cast<faiss::IndexIVF*>(old)) {
    lists->quantizer = AccelerateOwned(lists->quantizer);
  } else if (auto* transform = dynamic_cast<faiss::IndexPreTransform*>(old)) {
    transform->index = AccelerateOwned(transform->index);
  } else if (auto* refine = dynamic_cast<faiss::IndexRefine*>(old)) {
    refine->base_index = AccelerateOwned(refine->base_index);
    refine->refine_index = AccelerateOwned(refine->refine_index);
  }
  return index;
}

}  // namespace univar
