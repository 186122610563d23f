// The JavaScript handle of a vector index, and the rules for concurrent use.
//
// Jobs that change the index run on the engine thread, one after the other. Jobs that read it also run there, except
// small ones: these run concurrently on libuv's threads, but only if no change is queued, and a change waits for them.
// Every job therefore sees exactly the changes that were requested before it. A handle belongs to one environment.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

#include "binding/napi_setup.h"
#include "binding/promise_worker.h"
#include "faiss/vector_index.h"

namespace univar {

struct IndexHandle {
  explicit IndexHandle(std::unique_ptr<VectorIndex> made)
      : index(std::move(made)), dim(static_cast<size_t>(index->Describe().dim)) {}

  std::unique_ptr<VectorIndex> index;  // null once disposed
  const size_t dim;

  // JavaScript thread only.
  int changes = 0;             // queued or running
  int64_t reported_bytes = 0;  // last size reported to the garbage collector

  // Readers on libuv's threads, queued or running.
  std::mutex mutex;
  std::condition_variable idle;
  int readers = 0;
};

Napi::Value WrapIndex(Napi::Env env, std::shared_ptr<IndexHandle> handle);
std::shared_ptr<IndexHandle> IndexArg(const Napi::CallbackInfo& info, size_t index);

// Returns the description of the index for JavaScript, and reports its size to the garbage collector.
Napi::Object IndexInfoObject(Napi::Env env, IndexHandle* handle, const IndexInfo& info);

// Base of the jobs that change an index.
class IndexChange : public PromiseWorker {
 public:
  explicit IndexChange(const Napi::CallbackInfo& info);
  ~IndexChange() override;

 protected:
  virtual Status Change(VectorIndex* index) = 0;
  Napi::Value Result(Napi::Env env) override { return IndexInfoObject(env, handle_.get(), info_); }
  Status Execute() final;
  IndexHandle* handle() const { return handle_.get(); }
  Status AwaitReaders();

 private:
  std::shared_ptr<IndexHandle> handle_;
  IndexInfo info_;
};

// Base of the jobs that read an index.
class IndexRead : public PromiseWorker {
 public:
  // `small` jobs can run on libuv's threads.
  IndexRead(const Napi::CallbackInfo& info, bool small);
  ~IndexRead() override;

 protected:
  virtual Status Read(const VectorIndex& index) = 0;
  Status Execute() final;
  IndexHandle* handle() const { return handle_.get(); }

 private:
  void Leave();
  std::shared_ptr<IndexHandle> handle_;
  bool on_pool_;
};

}  // namespace univar
