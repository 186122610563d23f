#include "binding/index_handle.h"

#include <chrono>
#include <utility>

#include "binding/args.h"

namespace univar {
namespace {

constexpr napi_type_tag kIndexTag = {0x7b0d2f6c9a3e4d51, 0x8e5f1c2a6b7d9034};

using Wrapped = std::shared_ptr<IndexHandle>;

Status Disposed() { return Status::Error(Code::kDisposed, "The index was disposed"); }

bool OnPool(const Napi::CallbackInfo& info, bool small) { return small && IndexArg(info, 0)->changes == 0; }

}  // namespace

Napi::Value WrapIndex(Napi::Env env, std::shared_ptr<IndexHandle> handle) {
  auto external =
      Napi::External<Wrapped>::New(env, new Wrapped(std::move(handle)), [](Napi::Env finalizer_env, Wrapped* wrapped) {
        Napi::MemoryManagement::AdjustExternalMemory(finalizer_env, -(*wrapped)->reported_bytes);
        delete wrapped;
      });
  external.TypeTag(&kIndexTag);
  return external;
}

std::shared_ptr<IndexHandle> IndexArg(const Napi::CallbackInfo& info, size_t index) {
  const Napi::Value value = info[index];
  if (!value.IsExternal() || !value.As<Napi::External<Wrapped>>().CheckTypeTag(&kIndexTag)) {
    ThrowCoded(info.Env(), "ERR_INTERNAL", "Expected an index handle at the native boundary");
  }
  return *value.As<Napi::External<Wrapped>>().Data();
}

Napi::Object IndexInfoObject(Napi::Env env, IndexHandle* handle, const IndexInfo& info) {
  Napi::MemoryManagement::AdjustExternalMemory(env, info.bytes - std::exchange(handle->reported_bytes, info.bytes));
  Napi::Object object = Napi::Object::New(env);
  object["dim"] = static_cast<double>(info.dim);
  object["size"] = static_cast<double>(info.size);
  object["metric"] = NameOf(info.metric);
  object["trained"] = info.trained;
  object["factory"] = info.factory;
  object["efSearch"] = static_cast<double>(info.ef_search);
  object["efConstruction"] = static_cast<double>(info.ef_construction);
  object["nprobe"] = static_cast<double>(info.nprobe);
  object["rerank"] = info.rerank;
  object["removed"] = static_cast<double>(info.removed);
  object["mapped"] = info.mapped;
  object["bytes"] = static_cast<double>(info.bytes);
  return object;
}

IndexChange::IndexChange(const Napi::CallbackInfo& info)
    : PromiseWorker(info, Lane::kEngine), handle_(IndexArg(info, 0)) {
  ++handle_->changes;
}

IndexChange::~IndexChange() { --handle_->changes; }

Status IndexChange::AwaitReaders() {
  std::unique_lock<std::mutex> lock(handle_->mutex);
  while (handle_->readers > 0) {
    // Polls, because readers that are still queued when the environment is torn down never run.
    if (control().cancelled()) return Status::Aborted();
    handle_->idle.wait_for(lock, std::chrono::milliseconds(5));
  }
  return Status::Ok();
}

Status IndexChange::Execute() {
  if (Status status = AwaitReaders(); !status.ok()) return status;
  if (handle_->index == nullptr) return Disposed();
  Status status = Change(handle_->index.get());
  if (status.ok() && handle_->index != nullptr) info_ = handle_->index->Describe();
  return status;
}

IndexRead::IndexRead(const Napi::CallbackInfo& info, bool small)
    : PromiseWorker(info, OnPool(info, small) ? Lane::kPool : Lane::kEngine),
      handle_(IndexArg(info, 0)),
      on_pool_(OnPool(info, small)) {
  if (!on_pool_) return;
  std::lock_guard<std::mutex> lock(handle_->mutex);
  ++handle_->readers;
}

IndexRead::~IndexRead() { Leave(); }

void IndexRead::Leave() {
  if (!std::exchange(on_pool_, false)) return;
  std::lock_guard<std::mutex> lock(handle_->mutex);
  --handle_->readers;
  handle_->idle.notify_all();
}

Status IndexRead::Execute() {
  Status status = handle_->index == nullptr ? Disposed() : Read(*handle_->index);
  Leave();
  return status;
}

}  // namespace univar
