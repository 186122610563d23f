// Entry point of engine.node.
#include "binding/exports.h"
#include "binding/promise_worker.h"

namespace univar {
namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  InitPromiseWorkers(env);
  RegisterCapabilities(env, exports);
  RegisterNgrams(env, exports);
  RegisterTokenizer(env, exports);
  RegisterEncoder(env, exports);
  RegisterLayers(env, exports);
  RegisterInfoNce(env, exports);
  RegisterTopk(env, exports);
  RegisterKernels(env, exports);
  RegisterIndex(env, exports);
  RegisterVectors(env, exports);
  RegisterLinearSvm(env, exports);
  RegisterNgramTable(env, exports);
  RegisterNgramTrainer(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(engine, Init)

}  // namespace univar
