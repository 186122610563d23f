#include "faiss/vector_index.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexPQ.h>
#include <faiss/VectorTransform.h>
#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/index_factory.h>
#include <faiss/index_io.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <mutex>
#include <utility>

#include "faiss/byte_stream.h"
#include "faiss/checkpoint.h"
#include "faiss/fast_indexes.h"
#include "faiss/guard.h"
#include "faiss/index_check.h"
#include "faiss/index_parts.h"
#include "faiss/metric.h"
#include "faiss/team.h"
#include "faiss/transformed.h"

namespace univar {

using faiss::idx_t;

namespace {

constexpr int64_t kMaxRows = std::numeric_limits<int32_t>::max();
constexpr int64_t kAddChunk = 16384;        // rows between two checks of the control block
constexpr int64_t kCancellableFrom = 1024;  // shorter additions to a graph are not interrupted
constexpr size_t kHugePagesFrom = 1024;     // shorter additions are not worth the time to look at all pages
// Two candidates per result: 8-bit codes rarely move a true neighbour farther down than that.
constexpr float kRerank = 2.0f;

// FAISS calls this between two iterations of k-means. There is one callback for the process, but training runs only on
// the engine thread, and only that thread sets a control block.
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

void SilenceAndTune(faiss::ClusteringParameters* parameters, int iterations) {
  parameters->min_points_per_centroid = 1;  // FAISS would print a warning
  if (iterations > 0) parameters->niter = iterations;
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
  return Guard(Code::kArgRange,
               ("create an index \"" + spec_.factory + "\" of dimension " + std::to_string(spec_.dim)).c_str(), [&] {
                 const std::optional<faiss::MetricType> metric = ToFaiss(spec_.metric);
                 if (!metric) {
                   return Status::Error(Code::kArgRange,
                                        std::string("Expected ip or l2 for \"metric\", got ") + NameOf(spec_.metric));
                 }
                 std::unique_ptr<faiss::Index> index(faiss::index_factory(spec_.dim, spec_.factory.c_str(), *metric));
                 if (!spec_.plain) index = Accelerate(std::move(index));
                 const IndexParts parts(index.get());
                 if (parts.refine != nullptr) parts.refine->k_factor = kRerank;
                 if (parts.graph != nullptr && spec_.ef_construction > 0)
                   parts.graph->hnsw.efConstruction = spec_.ef_construction;
                 if (parts.lists != nullptr) SilenceAndTune(&parts.lists->cp, spec_.train_iterations);
                 // Polysemous training takes minutes for 48 codes. It reorders centroids for a Hamming filter that this
                 // package does not offer, and it changes no distance.
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

Status VectorIndex::Load(const std::string& path, const LoadOptions& options, std::unique_ptr<VectorIndex>* index) {
  std::unique_ptr<ByteSource> source;
  if (Status status = OpenFileSource(path, &source); !status.ok()) return status;
  return Read(source.get(), options, index);
}

Status VectorIndex::FromBytes(const uint8_t* data, size_t size, bool plain, std::unique_ptr<VectorIndex>* index) {
  return Read(MemorySource(data, size).get(), LoadOptions{plain, false}, index);
}

Status VectorIndex::Read(ByteSource* source, const LoadOptions& options, std::unique_ptr<VectorIndex>* index) {
  return Guard(Code::kData, ("load an index from " + source->name()).c_str(), [&] {
    auto made = std::make_unique<VectorIndex>();
    const Check check = options.map ? Check::kStructure : Check::kEverything;
    if (Status status = CheckIndexBytes(source, check, &made->removed_); !status.ok()) return status;
    if (options.map) {
      // Opens the file by its descriptor, so that it is the one that was checked.
      made->index_.reset(faiss::read_index(source->reopen_path().c_str(), faiss::IO_FLAG_MMAP_IFC));
      made->mapped_ = true;
    } else {
      if (!source->Rewind()) return Status::Error(Code::kIo, "Cannot rewind " + source->name() + " after checking it");
      SourceReader reader(source);
      made->index_.reset(faiss::read_index(&reader));
    }
    if (!options.plain) made->index_ = Accelerate(std::move(made->index_));
    if (!options.map) {
      const IndexParts parts(made->index_.get());
      parts.PreferHugePages();
      parts.MeasureCodes();
    }
    for (const uint8_t bits : made->removed_) made->removed_count_ += std::popcount(bits);
    *index = std::move(made);
    return Status::Ok();
  });
}

Status VectorIndex::Train(ConstMatrix x, const Control& control) {
  if (Status status = CheckEntries(x, "vectors"); !status.ok()) return status;
  TrainingScope scope(&control);
  // Estimates the work of one pass over the vectors. Loops usually have several hundred centroids.
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
    if (parts.transform != nullptr) parts.transform->is_trained = true;
    index_->is_trained = true;
    return Status::Ok();
  });
  if (!status.ok()) {
    // Rebuilds the index, because the next call would take parts as trained that are only half trained.
    if (Status built = Build(); !built.ok()) return built;
    if (control.cancelled()) return Status::Aborted();
  }
  return status;
}

Status VectorIndex::ExpectGrowing() const {
  if (!mapped_) return Status::Ok();
  return Status::Error(Code::kArgRange, "A memory-mapped index cannot grow: load it without \"map\"");
}

Status VectorIndex::Remove(const int32_t* rows, size_t count, size_t* removed) {
  return Guard(Code::kInternal, "remove vectors", [&] {
    *removed = 0;
    std::vector<uint8_t> bits = removed_;
    bits.resize(std::max(bits.size(), (static_cast<size_t>(index_->ntotal) + 7) / 8), 0);
    for (size_t i = 0; i < count; ++i) {
      if (rows[i] < 0 || rows[i] >= index_->ntotal) continue;
      const auto mask = static_cast<uint8_t>(1u << (rows[i] & 7));
      uint8_t& byte = bits[static_cast<size_t>(rows[i] >> 3)];
      *removed += (byte & mask) == 0 ? 1 : 0;
      byte |= mask;
    }
    if (*removed == 0) return Status::Ok();
    removed_.swap(bits);
    removed_count_ += static_cast<int64_t>(*removed);
    return Status::Ok();
  });
}

Status VectorIndex::Reserve(size_t rows) {
  if (Status status = ExpectGrowing(); !status.ok()) return status;
  return Guard(Code::kArgRange, "reserve memory", [&] {
    const IndexParts parts(index_.get());
    for (faiss::IndexFlatCodes* storage : {parts.storage, parts.exact}) {
      if (storage == nullptr) continue;
      storage->codes.owned_data.reserve(rows * storage->code_size);
      storage->codes.c_ptr = storage->codes.owned_data.data();  // FAISS keeps this pointer in addition to the vector
    }
    if (parts.graph != nullptr && parts.lists == nullptr) {
      faiss::HNSW& graph = parts.graph->hnsw;
      const size_t base = static_cast<size_t>(graph.nb_neighbors(0));
      graph.levels.reserve(rows);
      graph.offsets.reserve(rows + 1);
      // About 2 / base of the rows have lists above the base level, each half as long as a base list.
      graph.neighbors.owned_data.reserve(rows * base + rows * 5 / 4 + 4 * base);
      graph.neighbors.c_ptr = graph.neighbors.owned_data.data();
      if (auto* fast = dynamic_cast<FastGraph*>(parts.core)) fast->ReserveLinkMemory(rows, base);
    }
    parts.PreferHugePages();
    return Status::Ok();
  });
}

Status VectorIndex::Add(ConstMatrix x, const Control& control) {
  if (Status status = ExpectGrowing(); !status.ok()) return status;
  if (static_cast<int64_t>(x.rows) > kMaxRows - index_->ntotal) {
    return Status::Error(Code::kArgRange, "An index can hold at most 2^31 - 1 vectors");
  }
  const IndexParts parts(index_.get());
  if (Status status = CheckEntries(x, "vectors", parts.LargestEntry()); !status.ok()) return status;
  const bool graph = parts.graph != nullptr && parts.lists == nullptr;
  const auto rows = static_cast<int64_t>(x.rows);
  const bool cancellable = !graph || rows >= kCancellableFrom;
  return Guard(Code::kInternal, "add vectors", [&] {
    const Checkpoint checkpoint(parts, cancellable);
    // A graph needs all rows in one call, because it chooses the insertion order.
    const int64_t chunk = graph ? rows : kAddChunk;
    try {
      for (int64_t begin = 0; begin < rows; begin += chunk) {
        Status status = cancellable && control.cancelled() ? Status::Aborted()
                                                           : AddChunk(RowRange(x, begin, std::min(chunk, rows - begin)),
                                                                      cancellable ? control : Control());
        if (!status.ok()) {
          checkpoint.Restore(parts);
          return status;
        }
        control.report(std::min(begin + chunk, rows));
      }
      if (x.rows >= kHugePagesFrom) parts.PreferHugePages();
      parts.MeasureCodes();
      if (!removed_.empty()) removed_.resize((static_cast<size_t>(index_->ntotal) + 7) / 8, 0);
    } catch (...) {
      checkpoint.Restore(parts);
      throw;
    }
    return Status::Ok();
  });
}

Status VectorIndex::AddChunk(ConstMatrix x, const Control& control) {
  const IndexParts parts(index_.get());
  // Graphs choose the number of threads for each batch.
  const bool coarse = parts.lists != nullptr;
  const Team team(coarse ? static_cast<double>(x.rows) * static_cast<double>(parts.lists->nlist) * parts.core->d
                         : 1e12);
  Transformed vectors;
  if (Status status = vectors.Apply(parts, x); !status.ok()) return status;
  if (parts.transform != nullptr) {
    Status status = CheckEntries(vectors.result(), "transformed vectors", parts.LargestEntry());
    if (!status.ok()) return status;
  }
  const auto n = static_cast<idx_t>(x.rows);
  const float* y = vectors.result().data;
  if (auto* fast = dynamic_cast<FastGraph*>(parts.core)) {
    if (Status status = fast->Add(n, y, control); !status.ok()) return status;
  } else {
    parts.core->add(n, y);
  }
  if (parts.exact != nullptr) parts.exact->add(n, x.data);
  parts.SetRows(parts.core->ntotal);
  return Status::Ok();
}

namespace {

// Forwards bytes and computes the length and checksum for the trailer.
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

Status VectorIndex::Write(faiss::IOWriter* out) const {
  ChecksumWriter writer(out);
  faiss::write_index(index_.get(), &writer);
  const std::vector<uint8_t> removed = RemovedBlock(removed_);
  if (!removed.empty()) writer(removed.data(), 1, removed.size());
  writer.Finish();
  return Status::Ok();
}

Status VectorIndex::Save(const std::string& path) const {
  AtomicFileWriter file(path);
  if (Status status = file.Open(); !status.ok()) return status;
  const Status written = Guard(Code::kIo, ("write " + path).c_str(), [&] { return Write(&file); });
  if (!file.status().ok()) return file.status();  // unlike FAISS's exception, names the cause
  return written.ok() ? file.Commit() : written;
}

Status VectorIndex::ToBytes(std::vector<uint8_t>* bytes) const {
  return Guard(Code::kInternal, "serialise the index", [&] {
    MemoryWriter memory;
    if (Status status = Write(&memory); !status.ok()) return status;
    *bytes = std::move(memory.bytes());
    return Status::Ok();
  });
}

IndexInfo VectorIndex::Describe() const {
  const IndexParts parts(index_.get());
  IndexInfo info;
  info.dim = index_->d;
  info.size = index_->ntotal;
  info.metric = *FromFaiss(index_->metric_type);
  info.trained = index_->is_trained;
  info.factory = CanonicalFactory(*index_);
  if (parts.graph != nullptr) {
    info.ef_search = parts.graph->hnsw.efSearch;
    info.ef_construction = parts.graph->hnsw.efConstruction;
  }
  if (parts.lists != nullptr) info.nprobe = static_cast<int64_t>(parts.lists->nprobe);
  if (parts.refine != nullptr) info.rerank = parts.refine->k_factor;
  info.removed = removed_count_;
  info.mapped = mapped_;
  info.bytes = MemoryBytes(*index_);
  return info;
}

}  // namespace univar
