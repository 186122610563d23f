// Entry points of n-gram tables.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "binding/exports.h"
#include "binding/ngram_handles.h"
#include "binding/ngram_settings.h"
#include "binding/promise_worker.h"
#include "binding/texts.h"

namespace univar {
namespace {

// A call with fewer UTF-16 units, or rows to add, takes about a millisecond, so it does not have to queue behind wide
// jobs.
constexpr size_t kSmallUnits = size_t{1} << 15, kSmallRows = size_t{1} << 13;

class CreateWorker final : public PromiseWorker {
 public:
  explicit CreateWorker(const Napi::CallbackInfo& info) : PromiseWorker(info, Lane::kEngine) {
    Options given(info, 0);
    const Napi::TypedArray rows = given.Numbers("rows");
    rows_.dim = given.Size("dim");
    if (rows_.dim == 0) ThrowExpected(info.Env(), "at least 1", "dim");
    rows_.rows = rows.ElementLength() / rows_.dim;
    CheckLength(info.Env(), rows.ElementLength(), rows_.rows, rows_.dim, "rows");
    if (rows_.rows > INT32_MAX) ThrowExpected(info.Env(), "at most 2147483647 rows", "rows");
    rows_.type = TypeOf(rows);
    rows_.data = DataOf(rows);
    if (rows_.type == TableType::kInt8) rows_.scales = given.Floats("scales", rows_.rows, 1).data;
    if (given.Has("keys")) {
      Napi::Uint32Array keys = given.Uint32("keys");
      CheckLength(info.Env(), keys.ElementLength(), rows_.rows, 1, "keys");
      keys_ = keys.Data();
    }
    for (const Napi::Value& array : given.arrays()) held_->arrays.push_back(Napi::Persistent(array));
    TakeControl(info, 1);
  }

 private:
  static TableType TypeOf(const Napi::TypedArray& rows) {
    switch (rows.TypedArrayType()) {
      case napi_float32_array: return TableType::kF32;
      case napi_uint16_array: return TableType::kF16;
      case napi_int8_array: return TableType::kInt8;
      default: ThrowExpected(rows.Env(), "a Float32Array, a Uint16Array or an Int8Array", "rows");
    }
  }
  static const void* DataOf(const Napi::TypedArray& array) {
    return static_cast<const char*>(array.ArrayBuffer().Data()) + array.ByteOffset();
  }

  Status Execute() override { return NgramTable::Create(rows_, keys_, control(), &held_->table); }
  Napi::Value Result(Napi::Env env) override {
    const size_t bytes = held_->table->MemoryBytes();
    return NgramTableHandle::New(env, std::move(held_), bytes);
  }

  BagTable rows_;
  const uint32_t* keys_ = nullptr;
  std::shared_ptr<HeldTable> held_ = std::make_shared<HeldTable>();
};

class EncodeWorker final : public PromiseWorker {
 public:
  EncodeWorker(const Napi::CallbackInfo& info, NgramTableHandle::Pointer held, TextBatch texts)
      : PromiseWorker(info, texts.units.size() <= kSmallUnits ? Lane::kPool : Lane::kEngine),
        held_(std::move(held)),
        texts_(std::move(texts)) {
    Options given(info, 2);
    settings_ = NgramSettingsIn(given);
    out_ = given.Floats("out", texts_.size(), held_->table->dim()).data;
    Napi::Int32Array tokens = given.Int32("tokens");
    CheckLength(info.Env(), tokens.ElementLength(), texts_.size(), 1, "tokens");
    tokens_ = tokens.Data();
    Keep(given);
    TakeControl(info, 3);
  }

 private:
  Status Execute() override { return held_->table->Encode(texts_, settings_, out_, tokens_, control()); }
  Napi::Value Result(Napi::Env env) override { return env.Undefined(); }

  NgramTableHandle::Pointer held_;
  TextBatch texts_;
  NgramSettings settings_;
  float* out_ = nullptr;
  int32_t* tokens_ = nullptr;
};

class ScoreWorker final : public PromiseWorker {
 public:
  ScoreWorker(const Napi::CallbackInfo& info, NgramTableHandle::Pointer held, TextBatch texts)
      : PromiseWorker(info, texts.units.size() <= kSmallUnits ? Lane::kPool : Lane::kEngine),
        held_(std::move(held)),
        texts_(std::move(texts)) {
    Options given(info, 2);
    groups_ = NgramGroupsOf(given.Get("groups"), "groups");
    out_ = given.Floats("out", texts_.size(), held_->table->dim()).data;
    known_ = given.Floats("known", texts_.size(), 1).data;
    Keep(given);
    TakeControl(info, 3);
  }

 private:
  Status Execute() override { return held_->table->Score(texts_, groups_, out_, known_, control()); }
  Napi::Value Result(Napi::Env env) override { return env.Undefined(); }

  NgramTableHandle::Pointer held_;
  TextBatch texts_;
  std::vector<NgramSettings> groups_;
  float *out_ = nullptr, *known_ = nullptr;
};

class EncodeRowsWorker final : public PromiseWorker {
 public:
  EncodeRowsWorker(const Napi::CallbackInfo& info, NgramTableHandle::Pointer held, size_t ids)
      : PromiseWorker(info, ids <= kSmallRows ? Lane::kPool : Lane::kEngine), held_(std::move(held)) {
    Options given(info, 1);
    ids_ = IndicesOf(Int32Of(given.Get("ids"), "ids"), "ids");
    offsets_ = IndicesOf(Int32Of(given.Get("offsets"), "offsets"), "offsets");
    CheckIds(info.Env());
    CheckOffsets(info.Env());
    out_ = given.Floats("out", offsets_.size() - 1, held_->table->dim()).data;
    normalize_ = given.Flag("normalize");
    Keep(given);
    TakeControl(info, 2);
  }

 private:
  // Memory safety: every id must be a row, and every bag must be inside `ids`.
  void CheckIds(Napi::Env env) const {
    const size_t rows = held_->table->rows();
    for (const int32_t id : ids_) {
      if (id < 0 || static_cast<size_t>(id) >= rows) ThrowExpected(env, "rows of the table", "ids");
    }
  }
  void CheckOffsets(Napi::Env env) const {
    const bool inside = !offsets_.empty() && offsets_.front() == 0 &&
                        static_cast<size_t>(offsets_.back()) == ids_.size() &&
                        std::is_sorted(offsets_.begin(), offsets_.end());
    if (!inside) ThrowExpected(env, "ascending entries up to the number of ids", "offsets");
  }

  Status Execute() override {
    return held_->table->EncodeRows(ids_.data(), offsets_.data(), offsets_.size() - 1, normalize_, out_, control());
  }
  Napi::Value Result(Napi::Env env) override { return env.Undefined(); }

  NgramTableHandle::Pointer held_;
  std::vector<int32_t> ids_, offsets_;
  bool normalize_ = false;
  float* out_ = nullptr;
};

// ngramTableEncode(table: NgramTableHandle, texts: readonly string[], options: NativeNgramEncode,
//                  control?: Int32Array): Promise<void>
Napi::Value Encode(const Napi::CallbackInfo& info) {
  auto held = NgramTableHandle::Get(info, 0);
  return PromiseWorker::Start(std::make_unique<EncodeWorker>(info, std::move(held), TextsArg(info, 1, "texts")));
}

// ngramTableScore(table: NgramTableHandle, texts: readonly string[], options: NativeNgramScore,
//                 control?: Int32Array): Promise<void>
Napi::Value Score(const Napi::CallbackInfo& info) {
  auto held = NgramTableHandle::Get(info, 0);
  return PromiseWorker::Start(std::make_unique<ScoreWorker>(info, std::move(held), TextsArg(info, 1, "texts")));
}

// ngramTableEncodeRows(table: NgramTableHandle, bags: NativeRowBags, control?: Int32Array): Promise<void>
Napi::Value EncodeRows(const Napi::CallbackInfo& info) {
  auto held = NgramTableHandle::Get(info, 0);
  const size_t ids = Options(info, 1).Int32("ids").ElementLength();
  return PromiseWorker::Start(std::make_unique<EncodeRowsWorker>(info, std::move(held), ids));
}

// ngramTableDispose(table: NgramTableHandle): void
Napi::Value Dispose(const Napi::CallbackInfo& info) {
  NgramTableHandle::Dispose(info, 0);
  return info.Env().Undefined();
}

}  // namespace

void RegisterNgramTable(Napi::Env env, Napi::Object exports) {
  // ngramTableCreate(table: NgramTableData, control?: Int32Array): Promise<NgramTableHandle>
  ExportWorker<CreateWorker>(exports, "ngramTableCreate");
  exports["ngramTableEncode"] = Napi::Function::New(env, Encode, "ngramTableEncode");
  exports["ngramTableScore"] = Napi::Function::New(env, Score, "ngramTableScore");
  exports["ngramTableEncodeRows"] = Napi::Function::New(env, EncodeRows, "ngramTableEncodeRows");
  exports["ngramTableDispose"] = Napi::Function::New(env, Dispose, "ngramTableDispose");
}

}  // namespace univar
