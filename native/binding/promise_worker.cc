#include "binding/promise_worker.h"

#include <omp.h>

#include <condition_variable>
#include <exception>
#include <mutex>
#include <new>
#include <string>

#include "binding/args.h"
#include "core/engine_thread.h"

namespace univar {

// Per-environment state: the function that returns results to the JavaScript thread, and the number of engine jobs that
// still run for the environment.
class EnvContext {
 public:
  explicit EnvContext(Napi::Env env) : env_(env) {
    // The queue is unlimited: each entry is a finished job, so its length is bounded by the number of started jobs.
    finished_ =
        Napi::ThreadSafeFunction::New(env, Napi::Function::New(env, [](const Napi::CallbackInfo&) {}), "univar", 0, 1);
    finished_.Unref(env);
    napi_add_env_cleanup_hook(env, [](void* self) { static_cast<EnvContext*>(self)->Stop(); }, this);
    // process.exit() and uncaught exceptions skip the cleanup hooks of the main thread. They then destroy the static
    // data of libraries, such as the primitives of oneDNN, which a running job would still use.
    const auto stop = [this](const Napi::CallbackInfo&) { Stop(); };
    const Napi::Object process = env.Global().Get("process").As<Napi::Object>();
    const Napi::Function on = process.Get("on").As<Napi::Function>();
    on.Call(process, {Napi::String::New(env, "exit"), Napi::Function::New(env, stop, "stopUnivar")});
  }

  const std::atomic<bool>* stopping() const { return &stopping_; }

  void RunOnEngine(std::unique_ptr<PromiseWorker> worker) {
    if (pending_++ == 0) finished_.Ref(env_);  // running jobs keep the process alive; an idle addon does not
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ++running_;
    }
    EngineThread::Instance().Post([this, raw = worker.release()] {
      raw->Run();
      std::lock_guard<std::mutex> lock(mutex_);
      // The lock prevents Stop from releasing the function between the check and the call.
      if (released_ || finished_.NonBlockingCall(raw, Finish) != napi_ok) abandoned_.emplace_back(raw);
      --running_;
      idle_.notify_all();
    });
  }

  static EnvContext* Get(Napi::Env env) { return env.GetInstanceData<EnvContext>(); }

 private:
  static void Finish(Napi::Env env, Napi::Function, PromiseWorker* raw) {
    std::unique_ptr<PromiseWorker> worker(raw);
    if (static_cast<napi_env>(env) == nullptr)
      return;  // the environment is being torn down and nobody waits for the promise
    EnvContext* self = Get(env);
    if (--self->pending_ == 0) self->finished_.Unref(env);
    worker->Settle(env);
  }

  // Runs on the JavaScript thread while the environment's memory is still valid. Later jobs do not run any more.
  void Stop() {
    stopping_.store(true, std::memory_order_relaxed);
    std::unique_lock<std::mutex> lock(mutex_);
    idle_.wait(lock, [this] { return running_ == 0; });
    if (!released_) {
      released_ = true;
      finished_.Release();
    }
    abandoned_.clear();
  }

  Napi::Env env_;
  Napi::ThreadSafeFunction finished_;
  std::atomic<bool> stopping_{false};
  size_t pending_ = 0;  // JavaScript thread only

  std::mutex mutex_;
  std::condition_variable idle_;
  size_t running_ = 0;
  bool released_ = false;
  std::vector<std::unique_ptr<PromiseWorker>> abandoned_;
};

void InitPromiseWorkers(Napi::Env env) { env.SetInstanceData(new EnvContext(env)); }

PromiseWorker::PromiseWorker(const Napi::CallbackInfo& info, Lane lane)
    : env_(info.Env()),
      lane_(lane),
      deferred_(Napi::Promise::Deferred::New(info.Env())),
      control_(nullptr, EnvContext::Get(info.Env())->stopping()) {}

void PromiseWorker::Keep(const Napi::Value& value) { kept_.push_back(Napi::Reference<Napi::Value>::New(value, 1)); }

void PromiseWorker::Keep(const Options& options) {
  for (const Napi::Value& array : options.arrays()) Keep(array);
}

Napi::Value PromiseWorker::Kept(size_t index) const { return kept_[index].Value(); }

void PromiseWorker::TakeControl(const Napi::CallbackInfo& info, size_t index) {
  if (info[index].IsUndefined()) return;
  Napi::Int32Array block = Int32Arg(info, index, "control");
  CheckLength(info.Env(), block.ElementLength(), Control::kLength, 1, "control");
  control_ = Control(block.Data(), EnvContext::Get(info.Env())->stopping());
  Keep(block);
}

void PromiseWorker::Run() {
  try {
    status_ = control_.cancelled() ? Status::Aborted() : Execute();
  } catch (const std::bad_alloc&) {
    status_ = Status::Error(Code::kOutOfMemory, "Not enough host memory");
  } catch (const std::exception& error) {
    status_ = Status::Error(Code::kInternal, error.what());
  } catch (...) {
    status_ = Status::Error(Code::kInternal, "A native operation threw an unknown exception");
  }
}

void PromiseWorker::Settle(Napi::Env env) {
  Napi::HandleScope scope(env);
  if (status_.ok()) {
    try {
      deferred_.Resolve(Result(env));
    } catch (const Napi::Error& error) {
      deferred_.Reject(error.Value());
    }
    return;
  }
  Napi::Error error = Napi::Error::New(env, status_.message());
  error.Set("code", Napi::String::New(env, CodeName(status_.code())));
  deferred_.Reject(error.Value());
}

Napi::Value PromiseWorker::Start(std::unique_ptr<PromiseWorker> worker) {
  const Napi::Promise promise = worker->deferred_.Promise();
  const Napi::Env env = worker->env_;
  if (worker->lane_ == Lane::kEngine) {
    EnvContext::Get(env)->RunOnEngine(std::move(worker));
    return promise;
  }
  struct PoolJob : Napi::AsyncWorker {
    PoolJob(Napi::Env env, std::unique_ptr<PromiseWorker> worker)
        : Napi::AsyncWorker(env, "univar"), worker_(std::move(worker)) {}
    void Execute() override {
      omp_set_num_threads(1);
      worker_->Run();
    }
    void OnOK() override { worker_->Settle(Env()); }
    std::unique_ptr<PromiseWorker> worker_;
  };
  (new PoolJob(env, std::move(worker)))->Queue();  // deletes itself when done
  return promise;
}

}  // namespace univar
