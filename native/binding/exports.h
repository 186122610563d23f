// Every file of the binding registers its functions here. src/native/addon-types.ts declares the same names.
#pragma once

#include "binding/napi_setup.h"

namespace univar {

void RegisterCapabilities(Napi::Env env, Napi::Object exports);
void RegisterNgrams(Napi::Env env, Napi::Object exports);
void RegisterTokenizer(Napi::Env env, Napi::Object exports);
void RegisterEncoder(Napi::Env env, Napi::Object exports);
void RegisterLayers(Napi::Env env, Napi::Object exports);
void RegisterInfoNce(Napi::Env env, Napi::Object exports);
void RegisterTopk(Napi::Env env, Napi::Object exports);
void RegisterKernels(Napi::Env env, Napi::Object exports);
void RegisterIndex(Napi::Env env, Napi::Object exports);
void RegisterVectors(Napi::Env env, Napi::Object exports);
void RegisterLinearSvm(Napi::Env env, Napi::Object exports);
void RegisterNgramTable(Napi::Env env, Napi::Object exports);
void RegisterNgramTrainer(Napi::Env env, Napi::Object exports);

}  // namespace univar
