// Entry points of the vector index.
#include <omp.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "binding/args.h"
#include "binding/exports.h"
#include "binding/index_handle.h"

namespace univar {
namespace {

// Up to this many queries, a search runs on one thread, concurrently with other searches. A larger search uses all
// threads.
constexpr size_t kFewQueries = 4;

// Base of the jobs that return a new index.
class OpenWorker : public PromiseWorker {
 public:
  explicit OpenWorker(const Napi::CallbackInfo& info) : PromiseWorker(info, Lane::kEngine) {}

 protected:
  Napi::Value Result(Napi::Env env) override {
    const IndexInfo info = index_->Describe();
    auto handle = std::make_shared<IndexHandle>(std::move(index_));
    Napi::Object object = IndexInfoObject(env, handle.get(), info);
    object["handle"] = WrapIndex(env, std::move(handle));
    return object;
  }
  std::unique_ptr<VectorIndex> index_;
};

class CreateWorker final : public OpenWorker {
 public:
  explicit CreateWorker(const Napi::CallbackInfo& info) : OpenWorker(info) {
    spec_.dim = static_cast<int>(SizeArg(info, 0, "dim"));
    spec_.metric = EnumArg<Metric>(info, 1, "metric");
    spec_.factory = StringArg(info, 2, "factory");
    spec_.ef_construction = static_cast<int>(SizeArg(info, 3, "efConstruction"));
    spec_.train_iterations = static_cast<int>(SizeArg(info, 4, "trainIterations"));
    spec_.plain = info[5].ToBoolean();
  }

 private:
  Status Execute() override { return VectorIndex::Create(spec_, &index_); }
  IndexSpec spec_;
};

class LoadWorker final : public OpenWorker {
 public:
  explicit LoadWorker(const Napi::CallbackInfo& info)
      : OpenWorker(info),
        path_(StringArg(info, 0, "path")),
        options_{.plain = info[1].ToBoolean(), .map = info[2].ToBoolean()} {}

 private:
  Status Execute() override { return VectorIndex::Load(path_, options_, &index_); }
  std::string path_;
  LoadOptions options_;
};

class FromBytesWorker final : public OpenWorker {
 public:
  explicit FromBytesWorker(const Napi::CallbackInfo& info) : OpenWorker(info), plain_(info[1].ToBoolean()) {
    Napi::Uint8Array bytes = Uint8Arg(info, 0, "bytes");
    data_ = bytes.Data();
    size_ = bytes.ElementLength();
    Keep(bytes);
  }

 private:
  Status Execute() override { return VectorIndex::FromBytes(data_, size_, plain_, &index_); }
  const uint8_t* data_;
  size_t size_;
  bool plain_;
};

class VectorsWorker : public IndexChange {
 public:
  explicit VectorsWorker(const Napi::CallbackInfo& info) : IndexChange(info) {
    const Matrix x = MatrixArg(info, 1, SizeArg(info, 2, "rows"), handle()->dim, "vectors");
    x_ = ConstMatrix{x.data, x.rows, x.cols};
    Keep(info[1]);
    TakeControl(info, 3);
  }

 protected:
  ConstMatrix x_;
};

class TrainWorker final : public VectorsWorker {
  using VectorsWorker::VectorsWorker;
  Status Change(VectorIndex* index) override { return index->Train(x_, control()); }
};

class AddWorker final : public VectorsWorker {
  using VectorsWorker::VectorsWorker;
  Status Change(VectorIndex* index) override { return index->Add(x_, control()); }
};

class RemoveWorker final : public IndexChange {
 public:
  explicit RemoveWorker(const Napi::CallbackInfo& info) : IndexChange(info) {
    labels_ = IndicesOf(Int32Arg(info, 1, "labels"), "labels");
  }

 private:
  Status Change(VectorIndex* index) override { return index->Remove(labels_.data(), labels_.size(), &removed_); }
  // Adds how many vectors this call removed, because another call could have changed the total in the meantime.
  Napi::Value Result(Napi::Env env) override {
    Napi::Object info = IndexChange::Result(env).As<Napi::Object>();
    info["removedNow"] = static_cast<double>(removed_);
    return info;
  }
  std::vector<int32_t> labels_;
  size_t removed_ = 0;
};

class ReserveWorker final : public IndexChange {
 public:
  explicit ReserveWorker(const Napi::CallbackInfo& info) : IndexChange(info), rows_(SizeArg(info, 1, "rows")) {}

 private:
  Status Change(VectorIndex* index) override { return index->Reserve(rows_); }
  size_t rows_;
};

class DisposeWorker final : public IndexChange {
 public:
  using IndexChange::IndexChange;

 private:
  Status Change(VectorIndex*) override {
    handle()->index.reset();
    return Status::Ok();
  }
  Napi::Value Result(Napi::Env env) override {
    Napi::MemoryManagement::AdjustExternalMemory(env, -std::exchange(handle()->reported_bytes, 0));
    return env.Undefined();
  }
};

// What every search reads from its options.
struct Query {
  Query(Options* search, size_t dim) {
    const Matrix x = search->Floats("queries", search->Size("rows"), dim);
    vectors = ConstMatrix{x.data, x.rows, x.cols};
    params.ef_search = static_cast<int64_t>(search->Size("efSearch"));
    params.nprobe = static_cast<int64_t>(search->Size("nprobe"));
    params.rerank = static_cast<int64_t>(search->Size("rerank"));
    if (!search->Has("filter")) return;
    Napi::Uint8Array filter = search->Uint8("filter");
    static constexpr uint8_t kNoRow = 0;
    params.filter = filter.ElementLength() > 0 ? filter.Data() : &kNoRow;
    params.filter_bytes = filter.ElementLength();
  }
  ConstMatrix vectors;
  SearchParams params;
};

// A search for the k nearest vectors, and the arrays that receive them.
struct NearestQuery : Query {
  NearestQuery(Options* search, size_t dim) : Query(search, dim), k(search->Size("k")) {
    if (k == 0) ThrowCoded(search->Env(), "ERR_INTERNAL", "Expected k >= 1 at the native boundary");
    Napi::Int32Array rows = search->Int32("labels");
    CheckLength(search->Env(), rows.ElementLength(), vectors.rows, k, "labels");
    labels = rows.Data();
    distances = search->Floats("distances", vectors.rows, k).data;
  }
  Status Run(const VectorIndex& index, const Control& control) const {
    return index.Search(vectors, k, params, labels, distances, control);
  }
  size_t k;
  int32_t* labels;
  float* distances;
};

// Takes a handle, options and a control block.
class SearchWorker final : public IndexRead {
 public:
  explicit SearchWorker(const Napi::CallbackInfo& info) : SearchWorker(info, Options(info, 1)) {}

 private:
  SearchWorker(const Napi::CallbackInfo& info, Options search)
      : IndexRead(info, search.Size("rows") <= kFewQueries), query_(&search, handle()->dim) {
    TakeControl(info, 2);
    Keep(search);
  }
  Status Read(const VectorIndex& index) override { return query_.Run(index, control()); }
  Napi::Value Result(Napi::Env env) override { return env.Undefined(); }
  NearestQuery query_;
};

// Searches on the JavaScript thread, like a job on one of libuv's threads: without a team, and only if no change is
// queued. None can start before the call returns, and other readers do not disturb it.
Napi::Value SearchSync(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::shared_ptr<IndexHandle> handle = IndexArg(info, 0);
  if (handle->changes > 0)
    ThrowCoded(env, "ERR_BUSY", "The index is being changed: wait for that call, or use search(), which waits itself");
  if (handle->index == nullptr) ThrowCoded(env, "ERR_DISPOSED", "The index was disposed");
  Options search(info, 1);
  const NearestQuery query(&search, handle->dim);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const Status status = query.Run(*handle->index, Control());
  omp_set_num_threads(threads);
  if (!status.ok()) ThrowCoded(env, CodeName(status.code()), status.message());
  return env.Undefined();
}

class RangeSearchWorker final : public IndexRead {
 public:
  explicit RangeSearchWorker(const Napi::CallbackInfo& info) : RangeSearchWorker(info, Options(info, 1)) {}

 private:
  RangeSearchWorker(const Napi::CallbackInfo& info, Options search)
      : IndexRead(info, search.Size("rows") <= kFewQueries),
        query_(&search, handle()->dim),
        radius_(static_cast<float>(search.Number("radius"))) {
    TakeControl(info, 2);
    Keep(search);
  }

  Status Read(const VectorIndex& index) override {
    return index.RangeSearch(query_.vectors, radius_, query_.params, &found_, control());
  }
  // The number of results is known only now, so the caller cannot allocate the arrays before the search.
  Napi::Value Result(Napi::Env env) override {
    Napi::Int32Array offsets = Napi::Int32Array::New(env, found_.offsets.size());
    Napi::Int32Array labels = Napi::Int32Array::New(env, found_.labels.size());
    Napi::Float32Array distances = Napi::Float32Array::New(env, found_.distances.size());
    std::copy(found_.offsets.begin(), found_.offsets.end(), offsets.Data());
    std::copy(found_.labels.begin(), found_.labels.end(), labels.Data());
    std::copy(found_.distances.begin(), found_.distances.end(), distances.Data());
    Napi::Object result = Napi::Object::New(env);
    result["offsets"] = offsets;
    result["labels"] = labels;
    result["distances"] = distances;
    return result;
  }
  Query query_;
  float radius_;
  RangeResult found_;
};

class SelfRecallWorker final : public IndexRead {
 public:
  explicit SelfRecallWorker(const Napi::CallbackInfo& info)
      : IndexRead(info, false), sample_(SizeArg(info, 1, "sample")) {
    TakeControl(info, 2);
  }

 private:
  Status Read(const VectorIndex& index) override { return index.SelfRecall(sample_, control(), &recall_); }
  Napi::Value Result(Napi::Env env) override { return Napi::Number::New(env, recall_); }
  size_t sample_;
  double recall_ = 1.0;
};

class SaveWorker final : public IndexRead {
 public:
  explicit SaveWorker(const Napi::CallbackInfo& info) : IndexRead(info, true), path_(StringArg(info, 1, "path")) {}

 private:
  Status Read(const VectorIndex& index) override { return index.Save(path_); }
  Napi::Value Result(Napi::Env env) override { return env.Undefined(); }
  std::string path_;
};

class ToBytesWorker final : public IndexRead {
 public:
  explicit ToBytesWorker(const Napi::CallbackInfo& info) : IndexRead(info, true) {}

 private:
  Status Read(const VectorIndex& index) override { return index.ToBytes(&bytes_); }
  Napi::Value Result(Napi::Env env) override {
    Napi::Uint8Array array = Napi::Uint8Array::New(env, bytes_.size());
    std::copy(bytes_.begin(), bytes_.end(), array.Data());
    return array;
  }
  std::vector<uint8_t> bytes_;
};

}  // namespace

void RegisterIndex(Napi::Env, Napi::Object exports) {
  // indexCreate(dim: number, metric: Metric, factory: string, efConstruction: number, trainIterations: number,
  //             plain: boolean): Promise<OpenedIndex>
  ExportWorker<CreateWorker>(exports, "indexCreate");
  // indexLoad(path: string, plain: boolean, map: boolean): Promise<OpenedIndex>
  ExportWorker<LoadWorker>(exports, "indexLoad");
  // indexFromBytes(bytes: Uint8Array, plain: boolean): Promise<OpenedIndex>
  ExportWorker<FromBytesWorker>(exports, "indexFromBytes");
  // indexTrain(index: IndexHandle, vectors: Float32Array, rows: number, control?: Int32Array): Promise<IndexInfo>
  ExportWorker<TrainWorker>(exports, "indexTrain");
  // indexAdd(index: IndexHandle, vectors: Float32Array, rows: number, control?: Int32Array): Promise<IndexInfo>
  ExportWorker<AddWorker>(exports, "indexAdd");
  // indexRemove(index: IndexHandle, labels: Int32Array): Promise<IndexInfo & { removedNow: number }>
  ExportWorker<RemoveWorker>(exports, "indexRemove");
  // indexReserve(index: IndexHandle, rows: number): Promise<IndexInfo>
  ExportWorker<ReserveWorker>(exports, "indexReserve");
  // indexSearch(index: IndexHandle, search: NativeSearch, control?: Int32Array): Promise<void>
  ExportWorker<SearchWorker>(exports, "indexSearch");
  // indexSearchSync(index: IndexHandle, search: NativeSearch): void
  exports["indexSearchSync"] = Napi::Function::New(exports.Env(), SearchSync, "indexSearchSync");
  // indexRangeSearch(index: IndexHandle, search: NativeRangeSearch, control?: Int32Array): Promise<RangeSearchResult>
  ExportWorker<RangeSearchWorker>(exports, "indexRangeSearch");
  // indexSelfRecall(index: IndexHandle, sample: number, control?: Int32Array): Promise<number>
  ExportWorker<SelfRecallWorker>(exports, "indexSelfRecall");
  // indexSave(index: IndexHandle, path: string): Promise<void>
  ExportWorker<SaveWorker>(exports, "indexSave");
  // indexToBytes(index: IndexHandle): Promise<Uint8Array>
  ExportWorker<ToBytesWorker>(exports, "indexToBytes");
  // indexDispose(index: IndexHandle): Promise<void>
  ExportWorker<DisposeWorker>(exports, "indexDispose");
}

}  // namespace univar
