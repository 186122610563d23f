// Base of every asynchronous entry point: unpack arguments in the constructor, compute in Execute, build the result in
// Result. Execute runs on the engine thread (wide jobs, with OpenMP) or on one of libuv's threads (small jobs, without
// a team) and must not touch a JavaScript value.
//
// Typed arrays that Execute reads or writes are passed to Keep, which holds them until the promise settles. When the
// environment goes away first (a worker thread exits), its jobs are told to stop and awaited before memory is freed.
#pragma once

#include <memory>
#include <vector>

#include "binding/napi_setup.h"
#include "core/control.h"
#include "core/status.h"

namespace univar {

class Options;

enum class Lane { kEngine, kPool };

class EnvContext;

class PromiseWorker {
 public:
  virtual ~PromiseWorker() = default;
  PromiseWorker(const PromiseWorker&) = delete;
  PromiseWorker& operator=(const PromiseWorker&) = delete;

  // Queues the job; the promise settles on the JavaScript thread.
  static Napi::Value Start(std::unique_ptr<PromiseWorker> worker);

 protected:
  PromiseWorker(const Napi::CallbackInfo& info, Lane lane);

  virtual Status Execute() = 0;
  virtual Napi::Value Result(Napi::Env env) = 0;

  void Keep(const Napi::Value& value);
  void Keep(const Options& options);  // the arrays that were read from it
  // Reads the control block (Int32Array or undefined) at `index`; see src/native/call.ts.
  void TakeControl(const Napi::CallbackInfo& info, size_t index);
  const Control& control() const { return control_; }
  // A value kept earlier, in the order of the Keep calls.
  Napi::Value Kept(size_t index) const;

 private:
  friend class EnvContext;
  void Run();                  // any thread
  void Settle(Napi::Env env);  // JavaScript thread

  Napi::Env env_;
  Lane lane_;
  Napi::Promise::Deferred deferred_;
  std::vector<Napi::Reference<Napi::Value>> kept_;
  Control control_;
  Status status_ = Status::Ok();
};

// Exports a function that starts a Worker, made from the arguments of the call.
template <typename Worker>
void ExportWorker(Napi::Object exports, const char* name) {
  const auto start = [](const Napi::CallbackInfo& info) {
    return PromiseWorker::Start(std::make_unique<Worker>(info));
  };
  exports[name] = Napi::Function::New(exports.Env(), start, name);
}

// Creates the per-environment state; called once when the addon is loaded into an environment.
void InitPromiseWorkers(Napi::Env env);

}  // namespace univar
