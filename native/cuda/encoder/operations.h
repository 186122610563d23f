// The encoder's operations of a backend table, on a machine (machine.h). Each thread has its own machine.
#pragma once

#include <memory>

#include "cuda/attention/driver.h"
#include "cuda/encoder/activation.h"
#include "cuda/encoder/adamw.h"
#include "cuda/encoder/embedding.h"
#include "cuda/encoder/l2_normalize.h"
#include "cuda/encoder/layer_norm.h"
#include "cuda/encoder/linear.h"
#include "cuda/encoder/pooling.h"
#include "cuda/encoder/rope.h"
#include "cuda/primitives/elementwise.h"
#include "ops/backend.h"

namespace univar::cuda {

template <class Machine>
class EncoderOperations {
 public:
  static void AddTo(Backend* table) {
    static const Memory memory = {
        .allocate =
            [](size_t count, size_t bytes, const char* what, void** at) {
              return On([&](Machine&) {
                return Machine::AllocateOwned(count, bytes, what, at);
              });  // already opened, so there is a device
            },
        .release = Machine::ReleaseOwned,
        .copy =
            [](void* to, const void* from, size_t bytes) {
              return On([&](Machine& machine) {
                return machine.Copy(static_cast<const unsigned char*>(from), bytes, static_cast<unsigned char*>(to));
              });
            },
        .clear =
            [](void* at, size_t bytes) {
              return On([&](Machine& machine) { return machine.Fill(static_cast<unsigned char*>(at), 0, bytes); });
            },
        .wait = [] { return On([](Machine& machine) { return machine.Wait(); }); },
    };
    table->memory = &memory;
    table->micro_batch_tokens = 16384;
    AddTokens(table);
    AddLayers(table);
    AddOptimizer(table);
  }

 private:
  static void AddTokens(Backend* table) {
    table->embedding_forward = [](const EmbeddingArgs& args, const float* word, const float* position,
                                  const float* type, float* x) {
      return On([&](Machine& machine) { return EmbeddingForward(machine, args, word, position, type, x); });
    };
    table->embedding_backward = [](const EmbeddingArgs& args, const float* dx, int32_t padding_id, float* dword,
                                   float* dposition, float* dtype) {
      return On(
          [&](Machine& machine) { return EmbeddingBackward(machine, args, dx, padding_id, dword, dposition, dtype); });
    };
    table->rope = [](const RopeArgs& args) { return On([&](Machine& machine) { return Rope(machine, args); }); };
    table->pool = [](ConstMatrix hidden, const int32_t* offsets, Pooling pooling, Matrix y, const Control& control) {
      return On([&](Machine& machine) { return Pool(machine, hidden, offsets, pooling, y, control); });
    };
    table->pool_backward = [](ConstMatrix dy, const int32_t* offsets, Pooling pooling, Matrix dhidden) {
      return On([&](Machine& machine) { return PoolBackward(machine, dy, offsets, pooling, dhidden); });
    };
    table->l2_normalize = [](ConstMatrix x, Matrix y, const Control& control) {
      return On([&](Machine& machine) { return L2Normalize(machine, x, y, control); });
    };
    table->l2_normalize_backward = [](ConstMatrix x, ConstMatrix dy, Matrix dx) {
      return On([&](Machine& machine) { return L2NormalizeBackward(machine, x, dy, dx); });
    };
  }

  static void AddLayers(Backend* table) {
    table->layer_norm_forward = [](const LayerNormForwardArgs& args) {
      return On([&](Machine& machine) { return LayerNormForward(machine, args); });
    };
    table->layer_norm_backward = [](const LayerNormBackwardArgs& args) {
      return On([&](Machine& machine) { return LayerNormBackward(machine, args); });
    };
    // Products read unpacked weights.
    table->pack_weight = [](const LinearWeight&, Precision, Scratch*, std::unique_ptr<PackedWeight>*) {
      return Status::Ok();
    };
    table->linear_forward = [](const LinearWeight& weight, const LinearForwardArgs& args) {
      return On([&](Machine& machine) { return LinearForward(machine, weight, args); });
    };
    table->linear_backward = [](const LinearWeight& weight, const LinearBackwardArgs& args) {
      return On([&](Machine& machine) { return LinearBackward(machine, weight, args); });
    };
    table->attention_forward = [](const AttentionForwardArgs& args, const Control&) {
      return On([&](Machine& machine) { return AttentionForward(machine, args); });
    };
    table->attention_backward = [](const AttentionBackwardArgs& args, const Control&) {
      return On([&](Machine& machine) { return AttentionBackward(machine, args); });
    };
    table->gelu_forward = [](ActivationInput x, ActivationOutput y, size_t n) {
      return On([&](Machine& machine) { return GeluForward(machine, x, y, n); });
    };
    table->gelu_backward = [](ActivationInput x, ActivationInput dy, ActivationOutput dx, ActivationOutput y,
                              size_t n) {
      return On([&](Machine& machine) { return GeluBackward(machine, x, dy, dx, y, n); });
    };
    table->swiglu_forward = [](ActivationInput pair, ActivationOutput y, size_t rows, size_t cols) {
      return On([&](Machine& machine) { return SwigluForward(machine, pair, y, rows, cols); });
    };
    table->swiglu_backward = [](ActivationInput pair, ActivationInput dy, ActivationOutput dpair, ActivationOutput y,
                                size_t rows, size_t cols) {
      return On([&](Machine& machine) { return SwigluBackward(machine, pair, dy, dpair, y, rows, cols); });
    };
  }

  static void AddOptimizer(Backend* table) {
    table->round_bf16 = [](const float* x, uint16_t* y, size_t n) {
      return On([&](Machine& machine) { return RoundBf16(machine, x, y, n); });
    };
    table->adamw = [](const AdamWArgs& args, const float* grad, float* m, float* v, float* w, size_t n) {
      return On([&](Machine& machine) { return AdamW(machine, args, grad, m, v, w, n); });
    };
    table->squared_norm = [](const float* x, size_t n, double* sum) {
      return On([&](Machine& machine) { return SquaredNorm(machine, x, n, sum); });
    };
  }

  // Returns the machine of the calling thread.
  static Status Current(Machine** current) {
    thread_local Machine machine;
    thread_local bool open = false;
    if (!open) {
      UNIVAR_TRY(machine.Open());
      open = true;
    }
    *current = &machine;
    return Status::Ok();
  }
  template <class Step>
  static Status On(const Step& step) {
    Machine* machine = nullptr;
    UNIVAR_TRY(Current(&machine));
    return step(*machine);
  }
};

}  // namespace univar::cuda
