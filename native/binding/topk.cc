// Entry points of exact top-k. JavaScript holds a prepared base as an opaque object.
#include <memory>

#include "binding/args.h"
#include "binding/exports.h"
#include "binding/promise_worker.h"
#include "ops/backend.h"

namespace univar {
namespace {

constexpr napi_type_tag kHandleTag = {0x8f1c6a2b5d3e4f70, 0xa1b2937c4e5d6f18};

// State of a prepared base. The caller owns the float32 rows; every search looks them up again, because the array can
// have been detached in the meantime.
struct Handle {
  std::shared_ptr<const TopkBase> prepared;  // shared with searches in flight; null once released
  Napi::Reference<Napi::Float32Array> base;
  size_t rows = 0, dim = 0;

  void Release(Napi::Env env) {
    if (!prepared) return;
    Napi::MemoryManagement::AdjustExternalMemory(env, -static_cast<int64_t>(prepared->bytes()));
    prepared.reset();
    base.Reset();
  }
};

Napi::Object WrapHandle(Napi::Env env, std::unique_ptr<Handle> handle) {
  Napi::Object object = Napi::Object::New(env);
  object.TypeTag(&kHandleTag);
  const auto finalize = [](napi_env finalizing, void* data, void*) {
    const std::unique_ptr<Handle> owned(static_cast<Handle*>(data));
    owned->Release(finalizing);
  };
  if (napi_wrap(env, object, handle.get(), finalize, nullptr, nullptr) != napi_ok) {
    ThrowCoded(env, "ERR_INTERNAL", "Cannot create a top-k handle");
  }
  Napi::MemoryManagement::AdjustExternalMemory(env, static_cast<int64_t>(handle->prepared->bytes()));
  handle.release();
  return object;
}

Handle& HandleArg(const Napi::CallbackInfo& info, size_t index) {
  void* data = nullptr;
  const bool tagged = info[index].IsObject() && info[index].As<Napi::Object>().CheckTypeTag(&kHandleTag);
  if (!tagged || napi_unwrap(info.Env(), info[index], &data) != napi_ok) {
    ThrowCoded(info.Env(), "ERR_INTERNAL", "Expected a top-k handle at the native boundary");
  }
  return *static_cast<Handle*>(data);
}

// A small job finishes before the engine thread's team has even started, so it does not have to queue behind wide jobs.
Lane LaneFor(double multiply_adds) {
  constexpr double kSmall = 4e6;  // about a millisecond
  return multiply_adds < kSmall ? Lane::kPool : Lane::kEngine;
}

class PrepareWorker final : public PromiseWorker {
 public:
  explicit PrepareWorker(const Napi::CallbackInfo& info)
      : PromiseWorker(info, LaneFor(4.0 * NumberArg(info, 1, "baseRows") * NumberArg(info, 2, "dim"))) {
    const size_t rows = SizeArg(info, 1, "baseRows");
    const size_t dim = SizeArg(info, 2, "dim");
    if (rows == 0 || rows > INT32_MAX || dim == 0 || dim > kMaxTopkDim) {
      ThrowCoded(info.Env(), "ERR_INTERNAL", "\"baseRows\" or \"dim\" is out of range at the native boundary");
    }
    base_ = MatrixArg(info, 0, rows, dim, "base");
    metric_ = EnumArg<Metric>(info, 3, "metric");
    storage_ = EnumArg<TopkStorage>(info, 4, "storage");
    Keep(info[0]);
    TakeControl(info, 5);
  }

 private:
  Status Execute() override {
    return GetBackend().topk_prepare(ConstMatrix{base_.data, base_.rows, base_.cols}, metric_, storage_, &prepared_,
                                     control());
  }
  Napi::Value Result(Napi::Env env) override {
    auto handle = std::make_unique<Handle>();
    handle->prepared = std::move(prepared_);
    handle->base = Napi::Persistent(Kept(0).As<Napi::Float32Array>());
    handle->rows = base_.rows;
    handle->dim = base_.cols;
    return WrapHandle(env, std::move(handle));
  }
  Matrix base_;
  Metric metric_ = Metric::kIp;
  TopkStorage storage_ = TopkStorage::kF32;
  std::unique_ptr<TopkBase> prepared_;
};

double SearchWork(const Handle& handle, const Options& search) {
  return search.Number("rows") * static_cast<double>(handle.rows) * static_cast<double>(handle.dim);
}

class SearchWorker final : public PromiseWorker {
 public:
  explicit SearchWorker(const Napi::CallbackInfo& info) : SearchWorker(info, HandleArg(info, 0), Options(info, 1)) {}

 private:
  SearchWorker(const Napi::CallbackInfo& info, const Handle& handle, Options search)
      : PromiseWorker(info, LaneFor(SearchWork(handle, search))) {
    if (!handle.prepared) ThrowCoded(info.Env(), "ERR_DISPOSED", "The base was disposed");
    Napi::Float32Array base = handle.base.Value();
    if (base.ElementLength() != handle.rows * handle.dim) {
      ThrowCoded(info.Env(), "ERR_SHAPE_MISMATCH", "The array \"base\" was transferred or resized after preparation");
    }
    const size_t queries = search.Size("rows");
    const Matrix query = search.Floats("queries", queries, handle.dim);
    Napi::Int32Array labels = search.Int32("labels");
    args_.prepared = handle.prepared.get();
    args_.base = ConstMatrix{base.Data(), handle.rows, handle.dim};
    args_.queries = ConstMatrix{query.data, query.rows, query.cols};
    args_.k = search.Size("k");
    if (args_.k == 0 || args_.k > handle.rows) {
      ThrowCoded(info.Env(), "ERR_INTERNAL", "\"k\" is out of range at the native boundary");
    }
    CheckLength(info.Env(), labels.ElementLength(), queries, args_.k, "labels");
    args_.indices = labels.Data();
    args_.scores = search.Floats("distances", queries, args_.k).data;
    prepared_ = handle.prepared;
    Keep(base);
    Keep(search);
    TakeControl(info, 2);
  }

  Status Execute() override { return GetBackend().topk_search(args_, control()); }
  Napi::Value Result(Napi::Env env) override { return env.Undefined(); }
  TopkArgs args_;
  std::shared_ptr<const TopkBase> prepared_;
};

// topkStorage(dim: number, queries: number): Storage
Napi::Value Storage(const Napi::CallbackInfo& info) {
  const TopkStorage storage = GetBackend().topk_storage(SizeArg(info, 0, "dim"), SizeArg(info, 1, "queries"));
  return Napi::String::New(info.Env(), NameOf(storage));
}

// topkRelease(handle: TopkHandle): void; running searches keep the memory that they use.
Napi::Value Release(const Napi::CallbackInfo& info) {
  HandleArg(info, 0).Release(info.Env());
  return info.Env().Undefined();
}

}  // namespace

void RegisterTopk(Napi::Env env, Napi::Object exports) {
  exports["topkStorage"] = Napi::Function::New(env, Storage, "topkStorage");
  // topkPrepare(base: Float32Array, baseRows: number, dim: number, metric: Metric, storage: Storage,
  //             control?: Int32Array): Promise<TopkHandle>
  ExportWorker<PrepareWorker>(exports, "topkPrepare");
  // topkSearch(handle: TopkHandle, search: NativeTopkSearch, control?: Int32Array): Promise<void>
  ExportWorker<SearchWorker>(exports, "topkSearch");
  exports["topkRelease"] = Napi::Function::New(env, Release, "topkRelease");
}

}  // namespace univar
