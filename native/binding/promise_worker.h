// Base class of every asynchronous entry point. The constructor unpacks the arguments, Execute computes and Result
// builds the result. Execute runs on the engine thread (wide jobs, with OpenMP) or on one of libuv's threads (small
// jobs, single-threaded). It must not access JavaScript values.
//
// The constructor passes the typed arrays that Execute reads or writes to Keep, which holds them until the promise
// settles. If the environment is torn down first (a worker thread exits), its jobs are cancelled, and their memory is
// freed only after they have stopped.
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

  // Queues the job and returns its promise, which settles on the JavaScript thread.
  static Napi::Value Start(std::unique_ptr<PromiseWorker> worker);

 protected:
  PromiseWorker(const Napi::CallbackInfo& info, Lane lane);

  virtual Status Execute() = 0;
  virtual Napi::Value Result(Napi::Env env) = 0;

  void Keep(const Napi::Value& value);
  void Keep(const Options& options);  // keeps the arrays that were read from it
  // Reads the control block (Int32Array or undefined) at `index`; see src/native/call.ts.
  void TakeControl(const Napi::CallbackInfo& info, size_t index);
  const Control& control() const { return control_; }
  // Returns a kept value; indices follow the order of the Keep calls.
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

// Exports a function that constructs a Worker from the arguments of the call and starts it.
template <typename Worker>
void ExportWorker(Napi::Object exports, const char* name) {
  const auto start = [](const Napi::CallbackInfo& info) {
    return PromiseWorker::Start(std::make_unique<Worker>(info));
  };
  exports[name] = Napi::Function::New(exports.Env(), start, name);
}

// Creates the per-environment state. Called once when an environment loads the addon.
void InitPromiseWorkers(Napi::Env env);

}  // namespace univar
