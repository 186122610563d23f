#include "faiss/vector_index.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexPQ.h>
#include <faiss/VectorTransform.h>
#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/impl/FaissException.h>
#include <faiss/index_factory.h>
#include <faiss/index_io.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <new>
#include <numeric>
#include <utility>

#include "cpu/distances.h"
#include "faiss/byte_stream.h"
#include "faiss/checkpoint.h"
#include "faiss/fast_indexes.h"
#include "faiss/index_check.h"
#include "faiss/index_parts.h"

namespace univar {

using faiss::idx_t;

namespace {

constexpr int64_t kMaxRows = std::numeric_limits<int32_t>::max();
constexpr int64_t kAddChunk = 16384;       // rows between two looks at the control block
constexpr int64_t kCancellableFrom = 1024;  // shorter additions to a graph are not interrupted

// FAISS asks this between two iterations of k-means. The callback is one for the whole process, but training runs on
// the engine thread only, and only there is a control block set.
class TrainingWatch final : public faiss::InterruptCallback {
 public:
  static void Install() {
    static std::once_flag once;
    std::call_once(once, [] { faiss::InterruptCallback::instance = std::make_unique<TrainingWatch>(); });
  }
  bool want_interrupt() override {
    if (control == nullptr) return false;
    control->report(++iterations);
    return control->cancelled();
  }
  static thread_local const Control* control;
  static thread_local int64_t iterations;
};
thread_local const Control* TrainingWatch::control = nullptr;
thread_local int64_t TrainingWatch::iterations = 0;

class TrainingScope {
 public:
  explicit TrainingScope(const Control* control) {
    TrainingWatch::Install();
    TrainingWatch::control = control;
    TrainingWatch::iterations = 0;
  }
  ~TrainingScope() { TrainingWatch::control = nullptr; }
};

// FAISS's message without its "Error in <function> at <file>:<line>" part.
std::string Reason(const std::exception& error) {
  const std::string text = error.what();
  const size_t colon = text.rfind(": ");
  return text.rfind("Error in ", 0) == 0 && colon != std::string::npos ? text.substr(colon + 2) : text;
}

// Runs a piece of FAISS; what it throws becomes `code`.
template <typename Work>
Status Guard(Code code, const char* what, Work work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return Status::Error(Code::kOutOfMemory, std::string("Not enough host memory to ") + what);
  } catch (const std::exception& error) {
    return Status::Error(code, std::string("FAISS cannot ") + what + ": " + Reason(error));
  }
}

Status CheckEntries(ConstMatrix x, const char* name) {
  const size_t row = first_row_beyond_cpu(x.data, x.rows, x.cols, kMaxEntry);
  if (row == x.rows) return Status::Ok();
  const bool finite = std::all_of(x.row(row), x.row(row) + x.cols, [](float value) { return std::isfinite(value); });
  return Status::Error(finite ? Code::kArgRange : Code::kNonFinite,
                       std::string("Expected ") + (finite ? "entries of at most 1e15 in magnitude" : "finite entries") +
                           " for \"" + name + "\", got " + (finite ? "a larger one" : "a NaN or an infinity") +
                           " in row " + std::to_string(row));
}

// Vectors behind the transforms of an index; the given ones where it has none.
class Transformed {
 public:
  Status Apply(const IndexParts& parts, ConstMatrix x) {
    result_ = x;
    if (parts.transform == nullptr) return Status::Ok();
    for (const faiss::VectorTransform* step : parts.transform->chain) {
      if (Status status = Apply(*step); !status.ok()) return status;
    }
    return Status::Ok();
  }
  Status Apply(const faiss::VectorTransform& step) {
    const float* y = step.apply(static_cast<idx_t>(result_.rows), result_.data);
    owned_.reset(y);
    result_ = ConstMatrix{y, result_.rows, static_cast<size_t>(step.d_out)};
    return CheckEntries(result_, "vectors, once transformed");
  }
  void Start(ConstMatrix x) { result_ = x; }
  ConstMatrix result() const { return result_; }

 private:
  ConstMatrix result_;
  std::unique_ptr<const float[]> owned_;
};

ConstMatrix Rows(ConstMatrix x, int64_t begin, int64_t count) {
  return ConstMatrix{x.row(static_cast<size_t>(begin)), static_cast<size_t>(count), x.cols};
}

void SilenceAndTune(faiss::ClusteringParameters* parameters, int iterations) {
  parameters->min_points_per_centroid = 1;  // FAISS would print a warning
  if (iterations > 0) parameters->niter = iterations;
}

// Lets FAISS use as many threads as have something to do: it starts a team for a loop of any length, and thousands of
// short loops then cost more in waiting than in work, the more so on a busy machine. Only lowers the number that is set.
class Team {
 public:
  explicit Team(double multiplications) : before_(omp_get_max_threads()) {
    constexpr double kWorthAThread = 1 << 21;
    omp_set_num_threads(static_cast<int>(std::clamp(multiplications / kWorthAThread, 1.0, static_cast<double>(before_))));
  }
  ~Team() { omp_set_num_threads(before_); }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

 private:
  int before_;
};

// FAISS's parameter objects for the core of an index.
class Parameters {
 public:
  Parameters(const IndexParts& parts, const SearchParams& params, int64_t k) {
    if (parts.lists != nullptr) {
      const int64_t probes = params.nprobe > 0 ? params.nprobe : static_cast<int64_t>(parts.lists->nprobe);
      lists_.nprobe = static_cast<size_t>(std::min<int64_t>(probes, static_cast<int64_t>(parts.lists->nlist)));
      k = static_cast<int64_t>(lists_.nprobe);
    }
    if (parts.graph != nullptr) {
      // FAISS would stop before it has k results. More than all vectors is all vectors.
      const int64_t ef = std::max<int64_t>(params.ef_search > 0 ? params.ef_search : parts.graph->hnsw.efSearch, k);
      graph_.efSearch = static_cast<int>(std::min<int64_t>(ef, std::max<int64_t>(parts.graph->ntotal, 1)));
    }
    if (parts.lists != nullptr) {
      if (parts.graph != nullptr) lists_.quantizer_params = &graph_;
      core_ = &lists_;
    } else if (parts.graph != nullptr) {
      core_ = &graph_;
    }
  }
  Parameters(const Parameters&) = delete;
  Parameters& operator=(const Parameters&) = delete;
  const faiss::SearchParameters* get() const { return core_; }

 private:
  faiss::SearchParametersIVF lists_;
  faiss::SearchParametersHNSW graph_;
  faiss::SearchParameters* core_ = nullptr;
};

// Multiplications that a search of one query takes, about.
double QueryWork(const IndexParts& parts, const SearchParams& params) {
  const auto rows = static_cast<double>(parts.core->ntotal);
  const auto dim = static_cast<double>(parts.core->d);
  if (parts.lists != nullptr) {
    const auto lists = static_cast<double>(parts.lists->nlist);
    const auto probes = static_cast<double>(std::max<int64_t>(1, params.nprobe));
    return dim * (lists + std::min(probes, lists) / lists * rows);
  }
  constexpr double kComparedPerCandidate = 24;
  if (parts.graph != nullptr) return dim * std::min(rows, kComparedPerCandidate * static_cast<double>(std::max<int64_t>(16, params.ef_search)));
  return dim * rows;
}

// Queries per step, so that a step of an exhaustive search takes a fraction of a second.
int64_t QueryChunk(const IndexParts& parts) {
  if (parts.lists != nullptr || parts.graph != nullptr) return 256;
  const int64_t work = std::max<int64_t>(1, parts.core->ntotal * parts.core->d);
  return std::clamp<int64_t>(int64_t{4'000'000'000} / work, 32, 1024);
}

}  // namespace

VectorIndex::VectorIndex() = default;
VectorIndex::~VectorIndex() = default;

Status VectorIndex::Create(const IndexSpec& spec, std::unique_ptr<VectorIndex>* index) {
  auto made = std::make_unique<VectorIndex>();
  made->spec_ = spec;
  if (Status status = made->Build(); !status.ok()) return status;
  *index = std::move(made);
  return Status::Ok();
}

Status VectorIndex::Build() {
  return Guard(Code::kArgRange, ("make an index \"" + spec_.factory + "\" of dimension " + std::to_string(spec_.dim)).c_str(), [&] {
    const faiss::MetricType metric = spec_.l2 ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT;
    std::unique_ptr<faiss::Index> index(faiss::index_factory(spec_.dim, spec_.factory.c_str(), metric));
    if (!spec_.plain) index = Accelerate(std::move(index));
    const IndexParts parts(index.get());
    if (parts.graph != nullptr && spec_.ef_construction > 0) parts.graph->hnsw.efConstruction = spec_.ef_construction;
    if (parts.lists != nullptr) SilenceAndTune(&parts.lists->cp, spec_.train_iterations);
    // Polysemous training (minutes for 48 codes) reorders centroids for a Hamming filter that is not offered here; it
    // changes no distance.
    if (auto* lists = dynamic_cast<faiss::IndexIVFPQ*>(parts.core)) {
      lists->do_polysemous_training = false;
      SilenceAndTune(&lists->pq.cp, spec_.train_iterations);
    }
    if (auto* codes = dynamic_cast<faiss::IndexPQ*>(parts.core)) {
      codes->do_polysemous_training = false;
      SilenceAndTune(&codes->pq.cp, spec_.train_iterations);
    }
    if (parts.transform != nullptr) {
      for (faiss::VectorTransform* step : parts.transform->chain) {
        auto* rotation = dynamic_cast<faiss::OPQMatrix*>(step);
        if (rotation == nullptr) continue;
        opq_quantizer_ = std::make_unique<faiss::ProductQuantizer>(rotation->d_out, rotation->M, 8);
        SilenceAndTune(&opq_quantizer_->cp, 0);
        rotation->pq = opq_quantizer_.get();
      }
    }
    index_ = std::move(index);
    return Status::Ok();
  });
}

Status VectorIndex::Load(const std::string& path, bool plain, std::unique_ptr<VectorIndex>* index) {
  std::unique_ptr<ByteSource> source;
  if (Status status = OpenFileSource(path, &source); !status.ok()) return status;
  return Read(source.get(), plain, index);
}

Status VectorIndex::FromBytes(const uint8_t* data, size_t size, bool plain, std::unique_ptr<VectorIndex>* index) {
  return Read(MemorySource(data, size).get(), plain, index);
}

Status VectorIndex::Read(ByteSource* source, bool plain, std::unique_ptr<VectorIndex>* index) {
  return Guard(Code::kData, ("load an index from " + source->name()).c_str(), [&] {
    if (Status status = CheckIndexBytes(source); !status.ok()) return status;
    if (!source->Rewind()) return Status::Error(Code::kIo, "Cannot read " + source->name() + " a second time");
    SourceReader reader(source);
    auto made = std::make_unique<VectorIndex>();
    made->index_.reset(faiss::read_index(&reader));
    if (!plain) made->index_ = Accelerate(std::move(made->index_));
    *index = std::move(made);
    return Status::Ok();
  });
}

Status VectorIndex::Train(ConstMatrix x, const Control& control) {
  if (Status status = CheckEntries(x, "vectors"); !status.ok()) return status;
  TrainingScope scope(&control);
  // One pass over the vectors of a loop that has a few hundred centroids at least.
  constexpr double kCentroids = 64;
  const Team team(kCentroids * static_cast<double>(x.rows * x.cols));
  Status status = Guard(Code::kArgRange, "train the index", [&] {
    const IndexParts parts(index_.get());
    Transformed vectors;
    vectors.Start(x);
    if (parts.transform != nullptr) {
      for (faiss::VectorTransform* step : parts.transform->chain) {
        if (!step->is_trained) step->train(static_cast<idx_t>(x.rows), vectors.result().data);
        if (Status applied = vectors.Apply(*step); !applied.ok()) return applied;
      }
    }
    parts.core->train(static_cast<idx_t>(x.rows), vectors.result().data);
    index_->is_trained = true;
    return Status::Ok();
  });
  if (!status.ok()) {
    // Half-trained parts would count as trained the next time.
    if (Status built = Build(); !built.ok()) return built;
    if (control.cancelled()) return Status::Aborted();
  }
  return status;
}

Status VectorIndex::Reserve(size_t rows) {
  return Guard(Code::kArgRange, "reserve room", [&] {
    const IndexParts parts(index_.get());
    if (parts.storage != nullptr) {
      auto& codes = parts.storage->codes;
      codes.owned_data.reserve(rows * parts.storage->code_size);
      codes.c_ptr = codes.owned_data.data();  // the view that FAISS keeps beside the vector
    }
    if (parts.graph != nullptr && parts.lists == nullptr) {
      faiss::HNSW& graph = parts.graph->hnsw;
      const size_t base = static_cast<size_t>(graph.nb_neighbors(0));
      graph.levels.reserve(rows);
      graph.offsets.reserve(rows + 1);
      // A row in about 2 / base has lists above the base level, of half its length each.
      graph.neighbors.owned_data.reserve(rows * base + rows * 5 / 4 + 4 * base);
      graph.neighbors.c_ptr = graph.neighbors.owned_data.data();
      if (auto* fast = dynamic_cast<FastGraph*>(parts.core)) fast->ReserveLinkMemory(rows, base);
    }
    return Status::Ok();
  });
}

Status VectorIndex::Add(ConstMatrix x, const Control& control) {
  if (static_cast<int64_t>(x.rows) > kMaxRows - index_->ntotal) {
    return Status::Error(Code::kArgRange, "An index holds at most 2^31 - 1 vectors");
  }
  if (Status status = CheckEntries(x, "vectors"); !status.ok()) return status;
  const IndexParts parts(index_.get());
  const bool graph = parts.graph != nullptr && parts.lists == nullptr;
  const auto rows = static_cast<int64_t>(x.rows);
  const bool cancellable = !graph || rows >= kCancellableFrom;
  return Guard(Code::kInternal, "add vectors", [&] {
    const Checkpoint checkpoint(parts, cancellable);
    // A graph takes all rows at once: it inserts them in an order of its own.
    const int64_t chunk = graph ? rows : kAddChunk;
    try {
      for (int64_t begin = 0; begin < rows; begin += chunk) {
        Status status = cancellable && control.cancelled()
                            ? Status::Aborted()
                            : AddChunk(Rows(x, begin, std::min(chunk, rows - begin)), cancellable ? control : Control());
        if (!status.ok()) {
          checkpoint.Restore(parts);
          return status;
        }
        control.report(std::min(begin + chunk, rows));
      }
    } catch (...) {
      checkpoint.Restore(parts);
      throw;
    }
    return Status::Ok();
  });
}

Status VectorIndex::AddChunk(ConstMatrix x, const Control& control) {
  const IndexParts parts(index_.get());
  // Graphs decide for themselves, batch by batch.
  const bool coarse = parts.lists != nullptr;
  const Team team(coarse ? static_cast<double>(x.rows) * static_cast<double>(parts.lists->nlist) * parts.core->d : 1e12);
  Transformed vectors;
  if (Status status = vectors.Apply(parts, x); !status.ok()) return status;
  const auto n = static_cast<idx_t>(x.rows);
  const float* y = vectors.result().data;
  if (auto* fast = dynamic_cast<FastGraph*>(parts.core)) {
    if (Status status = fast->Add(n, y, control); !status.ok()) return status;
  } else {
    parts.core->add(n, y);
  }
  if (parts.transform != nullptr) parts.transform->ntotal = parts.core->ntotal;
  return Status::Ok();
}

Status VectorIndex::Search(ConstMatrix queries, size_t k, const SearchParams& params, int32_t* labels,
                           float* distances, const Control& control) const {
  if (Status status = CheckEntries(queries, "queries"); !status.ok()) return status;
  return Guard(Code::kInternal, "search", [&] {
    const IndexParts parts(index_.get());
    const Parameters parameters(parts, params, static_cast<int64_t>(k));
    const auto rows = static_cast<int64_t>(queries.rows);
    const int64_t chunk = QueryChunk(parts);
    const Team team(QueryWork(parts, params) * static_cast<double>(std::min(chunk, rows)));
    std::vector<idx_t> ids(static_cast<size_t>(std::min(chunk, rows)) * k);
    for (int64_t begin = 0; begin < rows; begin += chunk) {
      if (control.cancelled()) return Status::Aborted();
      const int64_t n = std::min(chunk, rows - begin);
      const size_t at = static_cast<size_t>(begin);
      Transformed vectors;
      if (Status status = vectors.Apply(parts, Rows(queries, begin, n)); !status.ok()) return status;
      parts.core->search(n, vectors.result().data, static_cast<idx_t>(k), distances + at * k, ids.data(), parameters.get());
      std::transform(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(n) * k), labels + at * k,
                     [](idx_t id) { return static_cast<int32_t>(id); });
      control.report(begin + n);
    }
    return Status::Ok();
  });
}

Status VectorIndex::RangeSearch(ConstMatrix queries, float radius, const SearchParams& params, RangeResult* result,
                                const Control& control) const {
  if (Status status = CheckEntries(queries, "queries"); !status.ok()) return status;
  return Guard(Code::kInternal, "search", [&] {
    const IndexParts parts(index_.get());
    const Parameters parameters(parts, params, 1);
    const bool l2 = index_->metric_type == faiss::METRIC_L2;
    const auto rows = static_cast<int64_t>(queries.rows);
    const int64_t chunk = QueryChunk(parts);
    const Team team(QueryWork(parts, params) * static_cast<double>(std::min(chunk, rows)));
    result->offsets.assign(1, 0);
    std::vector<size_t> order;
    for (int64_t begin = 0; begin < rows; begin += chunk) {
      if (control.cancelled()) return Status::Aborted();
      const int64_t n = std::min(chunk, rows - begin);
      faiss::RangeSearchResult found(static_cast<size_t>(n));
      Transformed vectors;
      if (Status status = vectors.Apply(parts, Rows(queries, begin, n)); !status.ok()) return status;
      parts.core->range_search(n, vectors.result().data, radius, &found, parameters.get());
      if (found.lims[n] > static_cast<size_t>(kMaxRows) - result->labels.size()) {
        return Status::Error(Code::kOutOfMemory, "More than 2^31 - 1 vectors lie within the radius: search fewer queries at a time");
      }
      for (int64_t i = 0; i < n; ++i) {
        order.resize(found.lims[i + 1] - found.lims[i]);
        std::iota(order.begin(), order.end(), found.lims[i]);
        std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
          const float x = found.distances[a], y = found.distances[b];
          return x != y ? (l2 ? x < y : x > y) : found.labels[a] < found.labels[b];
        });
        for (const size_t j : order) {
          result->labels.push_back(static_cast<int32_t>(found.labels[j]));
          result->distances.push_back(found.distances[j]);
        }
        result->offsets.push_back(static_cast<int32_t>(result->labels.size()));
      }
      control.report(begin + n);
    }
    return Status::Ok();
  });
}

namespace {

// Passes bytes on and computes what the trailer needs.
class ChecksumWriter final : public faiss::IOWriter {
 public:
  explicit ChecksumWriter(faiss::IOWriter* out) : out_(*out) { name = out->name; }
  size_t operator()(const void* data, size_t size, size_t count) override {
    crc_.Update(data, size * count);
    length_ += size * count;
    return out_(data, size, count);
  }
  bool Finish() {
    const std::vector<uint8_t> trailer = ChecksumTrailer(length_, crc_.value());
    return out_(trailer.data(), 1, trailer.size()) == trailer.size();
  }

 private:
  faiss::IOWriter& out_;
  Crc32 crc_;
  uint64_t length_ = 0;
};

}  // namespace

Status VectorIndex::Save(const std::string& path) const {
  AtomicFileWriter file(path);
  if (Status status = file.Open(); !status.ok()) return status;
  const Status written = Guard(Code::kIo, ("write " + path).c_str(), [&] {
    ChecksumWriter writer(&file);
    faiss::write_index(index_.get(), &writer);
    writer.Finish();
    return Status::Ok();
  });
  if (!file.status().ok()) return file.status();  // names the cause, which FAISS's exception does not
  return written.ok() ? file.Commit() : written;
}

Status VectorIndex::ToBytes(std::vector<uint8_t>* bytes) const {
  return Guard(Code::kInternal, "serialise the index", [&] {
    MemoryWriter memory;
    ChecksumWriter writer(&memory);
    faiss::write_index(index_.get(), &writer);
    writer.Finish();
    *bytes = std::move(memory.bytes());
    return Status::Ok();
  });
}

IndexInfo VectorIndex::Describe() const {
  const IndexParts parts(index_.get());
  IndexInfo info;
  info.dim = index_->d;
  info.size = index_->ntotal;
  info.l2 = index_->metric_type == faiss::METRIC_L2;
  info.trained = index_->is_trained;
  info.factory = CanonicalFactory(*index_);
  if (parts.graph != nullptr) {
    info.ef_search = parts.graph->hnsw.efSearch;
    info.ef_construction = parts.graph->hnsw.efConstruction;
  }
  if (parts.lists != nullptr) info.nprobe = static_cast<int64_t>(parts.lists->nprobe);
  info.bytes = MemoryBytes(*index_);
  return info;
}

}  // namespace univar
