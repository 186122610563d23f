// Batches for the attention tests, and functions that run the drivers on them.
#pragma once

#include "attention_reference.h"
#include "check.h"
#include "cuda/attention/driver.h"

namespace univar {

// Runs blocks in reverse order.
class BackwardsMachine : public cuda::HostMachine {
 public:
  template <class Body>
  Status Launch(const Body& body, size_t blocks) {
    for (size_t i = blocks; i > 0; --i) {
      cuda::HostBlock block(i - 1, Body::kThreads, Body::shared_bytes());
      body(block);
    }
    return Status::Ok();
  }
};

inline std::vector<int32_t> OffsetsOf(const std::vector<size_t>& lengths) {
  std::vector<int32_t> offsets{0};
  for (const size_t length : lengths) offsets.push_back(offsets.back() + static_cast<int32_t>(length));
  return offsets;
}

struct Batch {
  AttentionSizes sizes;
  std::vector<float> qkv, d_o;
  AttentionShape shape() const {
    return {sizes.offsets.data(), sizes.offsets.size() - 1, sizes.heads, sizes.dim, sizes.tokens()};
  }
};

// Queries and keys are in [-reach, reach), all other values in [-1, 1).
inline Batch MakeBatch(const std::vector<size_t>& lengths, size_t heads, size_t dim, double reach = 1.0) {
  Batch batch{{OffsetsOf(lengths), heads, dim}, {}, {}};
  check::Random random(batch.sizes.tokens() * 1000 + dim);
  batch.qkv.resize(batch.sizes.tokens() * 3 * batch.sizes.model());
  for (size_t i = 0; i < batch.qkv.size(); ++i) {
    const bool value = i % (3 * batch.sizes.model()) >= 2 * batch.sizes.model();
    batch.qkv[i] = static_cast<float>((value ? 1.0 : reach) * random.Uniform());
  }
  batch.d_o.resize(batch.sizes.tokens() * batch.sizes.model());
  for (float& x : batch.d_o) x = static_cast<float>(random.Uniform());
  return batch;
}

struct Run {
  Status status = Status::Ok();
  std::vector<float> o, lse, dqkv;
  std::vector<cuda::Bf16> o16;
};

enum class Output { kF32, kBf16, kBoth };

template <class Machine>
Run Forward(const Batch& batch, Machine& machine, Output output = Output::kBoth,
            Precision precision = Precision::kF32) {
  Run run;
  run.o.assign(batch.d_o.size(), NAN);
  run.o16.assign(batch.d_o.size(), cuda::ToBf16(NAN));
  run.lse.assign(batch.sizes.tokens() * batch.sizes.heads, NAN);
  run.status = cuda::AttentionForward(
      machine, {batch.shape(), batch.qkv.data(), output == Output::kBf16 ? nullptr : run.o.data(), run.lse.data(),
                output == Output::kF32 ? nullptr : run.o16.data(), precision});
  return run;
}

template <class Machine>
void Backward(const Batch& batch, Machine& machine, bool rounded, Run* run, Precision precision = Precision::kF32) {
  run->dqkv.assign(batch.qkv.size(), NAN);
  AttentionBackwardArgs args;
  args.shape = batch.shape();
  args.qkv = batch.qkv.data();
  args.o = rounded ? nullptr : run->o.data();
  args.lse = run->lse.data();
  args.d_o = batch.d_o.data();
  args.dqkv = run->dqkv.data();
  args.o16 = rounded ? run->o16.data() : nullptr;
  args.precision = precision;
  run->status = cuda::AttentionBackward(machine, args);
}

}  // namespace univar
