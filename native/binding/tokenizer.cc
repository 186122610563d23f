// Entry points of the WordPiece tokenizer.
#include "tokenizer/tokenizer.h"

#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "binding/args.h"
#include "binding/exports.h"
#include "binding/handle.h"
#include "binding/promise_worker.h"
#include "binding/texts.h"

namespace univar {
namespace {

struct TokenizerKind {
  using Object = const Tokenizer;
  static constexpr napi_type_tag kTag = {0x756E697661722D74, 0x6F6B656E697A6572};
  static constexpr const char* kName = "tokenizer";
};
using TokenizerHandle = Handle<TokenizerKind>;

// A call with fewer UTF-16 units takes well under a millisecond, so it does not have to queue behind wide jobs.
constexpr size_t kSmallUnits = size_t{1} << 15;

class EncodeWorker final : public PromiseWorker {
 public:
  EncodeWorker(const Napi::CallbackInfo& info, std::shared_ptr<const Tokenizer> tokenizer, TextBatch texts)
      : PromiseWorker(info, texts.units.size() <= kSmallUnits ? Lane::kPool : Lane::kEngine),
        tokenizer_(std::move(tokenizer)),
        texts_(std::move(texts)) {
    max_tokens_ = SizeArg(info, 2, "maxTokens");
    if (max_tokens_ < tokenizer_->SpecialCount())
      ThrowCoded(info.Env(), "ERR_INTERNAL",
                 "\"maxTokens\" leaves no room for the special tokens at the native boundary");
    Napi::Int32Array offsets = Int32Arg(info, 3, "offsets");
    CheckLength(info.Env(), offsets.ElementLength(), texts_.size() + 1, 1, "offsets");
    offsets_ = offsets.Data();
    Keep(offsets);
    TakeControl(info, 4);
  }

 private:
  Status Execute() override { return tokenizer_->Encode(texts_, max_tokens_, offsets_, encoded_, control()); }

  Napi::Value Result(Napi::Env env) override {
    Napi::Int32Array ids = Napi::Int32Array::New(env, encoded_.total);
    int32_t* out = ids.Data();
    for (const IdBuffer& part : encoded_.parts) {
      if (part.size() == 0) continue;
      std::memcpy(out, part.data(), part.size() * sizeof(int32_t));
      out += part.size();
    }
    return ids;
  }

  std::shared_ptr<const Tokenizer> tokenizer_;
  TextBatch texts_;
  EncodedBatch encoded_;
  size_t max_tokens_ = 0;
  int32_t* offsets_ = nullptr;
};

template <typename T>
std::vector<T> ToVector(const Napi::TypedArrayOf<T>& array) {
  return array.ElementLength() == 0 ? std::vector<T>()
                                    : std::vector<T>(array.Data(), array.Data() + array.ElementLength());
}

Vocabulary VocabularyIn(Options& settings) {
  Napi::Uint8Array tokens = settings.Uint8("tokens");
  Napi::Int32Array offsets = settings.Int32("tokenOffsets"), ids = settings.Int32("tokenIds");
  const size_t count = ids.ElementLength();
  CheckLength(settings.Env(), offsets.ElementLength(), count + 1, 1, "tokenOffsets");
  // Memory safety: every token must be inside `tokens`.
  const int32_t* at = offsets.Data();
  bool inside = at[0] == 0 && tokens.ByteLength() <= Vocabulary::kMaxBytes;
  for (size_t i = 0; i < count; ++i) inside = inside && at[i] <= at[i + 1];
  if (!inside || static_cast<size_t>(at[count]) != tokens.ByteLength()) {
    ThrowCoded(settings.Env(), "ERR_INTERNAL", "\"tokenOffsets\" does not match \"tokens\" at the native boundary");
  }
  const char* bytes = reinterpret_cast<const char*>(tokens.Data());
  return Vocabulary(bytes, at, ids.Data(), count, settings.String("prefix"));
}

std::vector<AddedToken> AddedTokensIn(Options& settings) {
  const Napi::Value list = settings.Get("addedTokens");
  if (!list.IsArray()) ThrowExpected(settings.Env(), "an array", "addedTokens");
  const Napi::Array contents = list.As<Napi::Array>();
  const std::vector<int32_t> ids = ToVector(settings.Int32("addedIds"));
  const std::vector<int32_t> flags = ToVector(settings.Int32("addedFlags"));
  CheckLength(settings.Env(), ids.size(), contents.Length(), 1, "addedIds");
  CheckLength(settings.Env(), flags.size(), contents.Length(), 1, "addedFlags");
  std::vector<AddedToken> tokens(ids.size());
  for (size_t i = 0; i < tokens.size(); ++i) {
    tokens[i].content = Utf16Arg(contents[static_cast<uint32_t>(i)], "addedTokens");
    tokens[i].id = ids[i];
    tokens[i].single_word = (flags[i] & 1) != 0;
    tokens[i].lstrip = (flags[i] & 2) != 0;
    tokens[i].rstrip = (flags[i] & 4) != 0;
    tokens[i].normalized = (flags[i] & 8) != 0;
  }
  return tokens;
}

// createTokenizer(settings: NativeTokenizerSettings): TokenizerHandle
Napi::Value CreateTokenizer(const Napi::CallbackInfo& info) {
  try {
    Options given(info, 0);
    TokenizerSettings settings;
    settings.word_pieces.unknown_id = static_cast<int32_t>(given.Size("unknownId"));
    settings.word_pieces.max_word_chars = given.Size("maxWordChars");
    const size_t flags = given.Size("normalizerFlags");
    settings.normalizer.clean_text = (flags & 1) != 0;
    settings.normalizer.handle_chinese_chars = (flags & 2) != 0;
    settings.normalizer.strip_accents = (flags & 4) != 0;
    settings.normalizer.lowercase = (flags & 8) != 0;
    settings.added_tokens = AddedTokensIn(given);
    settings.before = ToVector(given.Int32("before"));
    settings.after = ToVector(given.Int32("after"));
    auto tokenizer = std::make_shared<const Tokenizer>(VocabularyIn(given), settings);
    const size_t bytes = tokenizer->MemoryBytes();
    return TokenizerHandle::New(info.Env(), std::move(tokenizer), bytes);
  } catch (const std::bad_alloc&) {
    ThrowCoded(info.Env(), "ERR_OUT_OF_MEMORY", "Not enough host memory for the tokenizer");
  }
}

// encodeTexts(tokenizer: TokenizerHandle, texts: readonly string[], maxTokens: number, offsets: Int32Array,
//             control?: Int32Array): Promise<Int32Array>
Napi::Value EncodeTexts(const Napi::CallbackInfo& info) {
  auto tokenizer = TokenizerHandle::Get(info, 0);
  return PromiseWorker::Start(std::make_unique<EncodeWorker>(info, std::move(tokenizer), TextsArg(info, 1, "texts")));
}

// disposeTokenizer(tokenizer: TokenizerHandle): void
Napi::Value DisposeTokenizer(const Napi::CallbackInfo& info) {
  TokenizerHandle::Dispose(info, 0);
  return info.Env().Undefined();
}

}  // namespace

void RegisterTokenizer(Napi::Env env, Napi::Object exports) {
  exports["createTokenizer"] = Napi::Function::New(env, CreateTokenizer, "createTokenizer");
  exports["encodeTexts"] = Napi::Function::New(env, EncodeTexts, "encodeTexts");
  exports["disposeTokenizer"] = Napi::Function::New(env, DisposeTokenizer, "disposeTokenizer");
}

}  // namespace univar
