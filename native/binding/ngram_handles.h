// The handles of the n-gram encoder.
#pragma once

#include <memory>
#include <vector>

#include "binding/args.h"
#include "binding/handle.h"
#include "ngrams/corpus.h"
#include "ngrams/linear_svm.h"
#include "ngrams/table.h"
#include "ngrams/trainer.h"

namespace univar {

// A table and the typed arrays that it reads, which stay alive with it.
struct HeldTable {
  std::unique_ptr<NgramTable> table;
  std::vector<Napi::Reference<Napi::Value>> arrays;
};

struct NgramTableKind {
  using Object = const HeldTable;
  static constexpr napi_type_tag kTag = {0x756E697661722D6E, 0x6772616D5F746162};
  static constexpr const char* kName = "n-gram table";
};
using NgramTableHandle = Handle<NgramTableKind>;

// Jobs that read or change a corpus or a trainer run on the engine thread, one after the other.
struct NgramCorpusKind {
  using Object = NgramCorpus;
  static constexpr napi_type_tag kTag = {0x756E697661722D6E, 0x6772616D5F636F72};
  static constexpr const char* kName = "n-gram corpus";
};
using NgramCorpusHandle = Handle<NgramCorpusKind>;

struct NgramTrainerKind {
  using Object = NgramTrainer;
  static constexpr napi_type_tag kTag = {0x756E697661722D6E, 0x6772616D5F747261};
  static constexpr const char* kName = "n-gram trainer";
};
using NgramTrainerHandle = Handle<NgramTrainerKind>;

struct LinearSvmKind {
  using Object = const LinearSvm;
  static constexpr napi_type_tag kTag = {0x756E697661722D6C, 0x696E6561725F7376};
  static constexpr const char* kName = "linear support vector machine";
};
using LinearSvmHandle = Handle<LinearSvmKind>;

}  // namespace univar
