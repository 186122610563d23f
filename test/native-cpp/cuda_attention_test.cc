// Attention of the CUDA backend, run on the host: its drivers and every body.
#include <algorithm>
#include <string>

#include "attention_runs.h"

namespace univar {
namespace {

using cuda::HostMachine;

// Returns the largest error, relative to the largest expected entry, of entries [from, from + count) of each row.
double LargestError(const std::vector<float>& actual, const std::vector<double>& expected, size_t columns, size_t from,
                    size_t count) {
  double error = 0.0, largest = 1e-30;
  for (size_t row = 0; row < expected.size(); row += columns) {
    for (size_t i = row + from; i < row + from + count; ++i) {
      const double e = std::fabs(actual[i] - expected[i]);
      error = e >= error || std::isnan(e) ? e : error;
      largest = std::fmax(largest, std::fabs(expected[i]));
    }
  }
  return error / largest;
}

bool Same(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());  // false with NaN
}

void CompareGradients(const Batch& batch, const Run& run, const std::vector<double>& expected, double limit,
                      const std::string& what) {
  const size_t model = batch.sizes.model();
  const char* names[] = {"dq", "dk", "dv"};
  for (size_t part = 0; part < 3; ++part)
    check::AtMost(LargestError(run.dqkv, expected, 3 * model, part * model, model), limit, names[part] + (": " + what));
}

void Compare(const Batch& batch, double limit, const std::string& name) {
  const AttentionSizes& sizes = batch.sizes;
  const std::string what = name + ", " + std::to_string(sizes.tokens()) + " tokens, " + std::to_string(sizes.heads) +
                           " heads of " + std::to_string(sizes.dim);
  HostMachine machine;
  Run run = Forward(batch, machine);
  const AttentionReference expected = ReferenceAttention(sizes, batch.qkv);
  check::That(run.status.ok(), "forward: " + what, run.status.message());
  check::AtMost(LargestError(run.o, expected.o, sizes.model(), 0, sizes.model()), limit, "o: " + what);
  check::AtMost(LargestError(run.lse, expected.lse, sizes.heads, 0, sizes.heads), 1e-6, "lse: " + what);
  bool rounded = true;
  for (size_t i = 0; i < run.o.size(); ++i) rounded &= run.o16[i] == cuda::ToBf16(run.o[i]);
  check::That(rounded, "o16 is o rounded: " + what);

  for (const bool from_rounded : {false, true}) {
    std::vector<double> o(run.o.begin(), run.o.end());
    if (from_rounded) std::transform(run.o16.begin(), run.o16.end(), o.begin(), cuda::FromBf16);
    Backward(batch, machine, from_rounded, &run);
    check::That(run.status.ok(), "backward: " + what, run.status.message());
    CompareGradients(batch, run, ReferenceGradients(sizes, batch.qkv, o, batch.d_o), limit,
                     what + (from_rounded ? ", from o16" : ", from o"));
  }
}

std::vector<double> Rounded(const std::vector<float>& x) {
  std::vector<double> rounded(x.size());
  std::transform(x.begin(), x.end(), rounded.begin(), [](float value) { return cuda::FromBf16(cuda::ToBf16(value)); });
  return rounded;
}

// Compares the tensor-core kernels with double precision on the rounded inputs, and within `limit` on the unrounded
// ones.
void CompareBf16(const Batch& batch, double limit, const std::string& name) {
  const AttentionSizes& sizes = batch.sizes;
  const std::string what =
      "bf16, " + name + ", " + std::to_string(sizes.heads) + " heads of " + std::to_string(sizes.dim);
  HostMachine machine;
  Run run = Forward(batch, machine, Output::kBoth, Precision::kBf16);
  const AttentionReference expected = ReferenceAttention(sizes, Rounded(batch.qkv)),
                           unrounded = ReferenceAttention(sizes, batch.qkv);
  check::That(run.status.ok(), "forward: " + what, run.status.message());
  check::AtMost(LargestError(run.o, expected.o, sizes.model(), 0, sizes.model()), 4e-3, "o: " + what);
  check::AtMost(LargestError(run.lse, expected.lse, sizes.heads, 0, sizes.heads), 2e-3, "lse: " + what);
  check::AtMost(LargestError(run.o, unrounded.o, sizes.model(), 0, sizes.model()), limit, "o before rounding: " + what);
  bool rounded = true;
  for (size_t i = 0; i < run.o.size(); ++i) rounded &= run.o16[i] == cuda::ToBf16(run.o[i]);
  check::That(rounded, "o16 is o rounded: " + what);

  Backward(batch, machine, false, &run, Precision::kBf16);
  check::That(run.status.ok(), "backward: " + what, run.status.message());
  const std::vector<double> o(run.o.begin(), run.o.end()), d_o(batch.d_o.begin(), batch.d_o.end());
  CompareGradients(batch, run, ReferenceGradients(sizes, Rounded(batch.qkv), o, Rounded(batch.d_o)), 1e-2, what);
  CompareGradients(batch, run, ReferenceGradients(sizes, batch.qkv, unrounded.o, batch.d_o), 2 * limit,
                   "before rounding, " + what);

  BackwardsMachine backwards;
  Run other = Forward(batch, backwards, Output::kBoth, Precision::kBf16);
  Backward(batch, backwards, false, &other, Precision::kBf16);
  check::That(Same(run.o, other.o) && Same(run.dqkv, other.dqkv), "the order of blocks does not matter: " + what);
}

void CompareAllBf16() {
  const std::vector<size_t> lengths = {1, 15, 0, 16, 17, 31, 32, 33, 63, 64, 65, 0, 127, 128, 129, 210};
  for (const size_t dim : {1, 20, 32, 33, 64, 100, 128}) CompareBf16(MakeBatch(lengths, 2, dim), 1e-2, "lengths");
  CompareBf16(MakeBatch({1500}, 1, 64), 2e-2, "a long sequence");
  CompareBf16(MakeBatch({70, 3, 130}, 2, 64, 8.0), 1e-1, "logits of size 20");
  CompareBf16(MakeBatch({70, 3}, 1, 8, 0.0), 1e-2, "equal logits");
  HostMachine machine;
  const Batch wide = MakeBatch({70, 3}, 1, 160);
  Run f32 = Forward(wide, machine), bf16 = Forward(wide, machine, Output::kBoth, Precision::kBf16);
  Backward(wide, machine, false, &f32);
  Backward(wide, machine, false, &bf16, Precision::kBf16);
  check::That(Same(bf16.o, f32.o) && Same(bf16.dqkv, f32.dqkv), "wide heads are computed in f32");
}

// Lengths around the tiles of both passes.
template <int kDim>
std::vector<size_t> Lengths() {
  const size_t rows = cuda::ForwardLayout<kDim>::kRows, others = cuda::BackwardLayout<kDim>::kRows;
  return {1, rows - 1, 0, rows, 2, rows + 1, others - 1, others, others + 1, 0, 210};
}

void CompareAll() {
  for (const size_t dim : {1, 3, 20, 32}) Compare(MakeBatch(Lengths<32>(), 3, dim), 2e-6, "lengths");
  for (const size_t dim : {33, 64}) Compare(MakeBatch(Lengths<64>(), 2, dim), 2e-6, "lengths");
  for (const size_t dim : {100, 128}) Compare(MakeBatch(Lengths<128>(), 1, dim), 2e-6, "lengths");
  for (const size_t dim : {130, 256}) Compare(MakeBatch(Lengths<256>(), 1, dim), 2e-6, "lengths");
  Compare(MakeBatch({1500}, 1, 4), 2e-6, "a long sequence");
  for (const size_t dim : {16, 64}) Compare(MakeBatch({70, 3, 130}, 2, dim, 16.0), 1e-4, "logits of size 100");
  Compare(MakeBatch({70, 3}, 1, 8, 0.0), 2e-6, "equal logits");
}

void Coverage() {
  check::Random random(3);
  std::vector<std::vector<size_t>> batches = {
      {}, {0}, {1}, {0, 0, 0}, {8192}, {0, 8192, 0, 0, 1, 8192}, {64, 64, 64}, {63, 65, 64}};
  for (const size_t longest : {2, 17, 65, 700}) {
    for (int n = 0; n < 20; ++n) {
      batches.emplace_back(random.Below(60));
      for (size_t& length : batches.back()) length = random.Below(longest);
    }
  }
  for (const size_t rows : {1, 8, 16, 32, 64}) {
    bool once = true, own = true;
    for (const auto& lengths : batches) {
      const std::vector<int32_t> offsets = OffsetsOf(lengths);
      const auto tokens = static_cast<size_t>(offsets.back());
      const AttentionShape shape{offsets.data(), lengths.size(), 3, 1, tokens};
      std::vector<int> seen(tokens * 3, 0);
      for (size_t block = 0; block < cuda::CountTokenTiles(shape, rows); ++block) {
        const cuda::TokenTile tile = cuda::FindTokenTile(shape, block, rows);
        own &= tile.rows <= rows && (tile.rows == 0 || tile.first + tile.rows <= tile.length);
        const auto begin = std::find(offsets.begin(), offsets.end(), static_cast<int32_t>(tile.begin));
        const auto end = std::find(offsets.begin(), offsets.end(), static_cast<int32_t>(tile.begin + tile.length));
        own &= begin != offsets.end() && end != offsets.end();
        own &= tile.length == 0 || std::upper_bound(offsets.begin(), offsets.end(), *begin) == end;
        for (size_t i = 0; i < tile.rows; ++i) ++seen.at((tile.begin + tile.first + i) * 3 + tile.head);
      }
      once &= std::all_of(seen.begin(), seen.end(), [](int n) { return n == 1; });
    }
    check::That(once, "tiles of " + std::to_string(rows) + " rows cover every token and head once");
    check::That(own, "tiles of " + std::to_string(rows) + " rows stay in their sequence");
  }
}

void FiniteDifferences() {
  const Batch batch = MakeBatch({2, 1, 5}, 2, 3);
  HostMachine machine;
  Run run = Forward(batch, machine);
  Backward(batch, machine, false, &run);
  std::vector<double> qkv(batch.qkv.begin(), batch.qkv.end()), differences;
  const auto loss = [&] {
    return DotProduct(ReferenceAttention(batch.sizes, qkv).o.data(), batch.d_o.data(), batch.d_o.size());
  };
  const double step = 1e-4;
  for (double& x : qkv) {
    const double old = x;
    x = old + step;
    const double above = loss();
    x = old - step;
    differences.push_back((above - loss()) / (2 * step));
    x = old;
  }
  CompareGradients(batch, run, differences, 2e-6, "finite differences");
}

void Outputs() {
  const Batch batch = MakeBatch({5, 70, 1}, 2, 20);
  HostMachine machine;
  const Run both = Forward(batch, machine), f32 = Forward(batch, machine, Output::kF32),
            bf16 = Forward(batch, machine, Output::kBf16);
  check::That(Same(f32.o, both.o) && Same(f32.lse, both.lse), "f32 alone equals f32 with bf16");
  check::That(bf16.o16 == both.o16 && Same(bf16.lse, both.lse), "bf16 alone equals bf16 with f32");
  const auto untouched = [](float x) { return std::isnan(x); };
  check::That(std::all_of(bf16.o.begin(), bf16.o.end(), untouched), "no f32 is written unless requested");
  std::vector<float> o(batch.d_o.size(), NAN);
  const Status status = cuda::AttentionForward(machine, {batch.shape(), batch.qkv.data(), o.data(), nullptr, nullptr});
  check::That(status.ok() && Same(o, both.o), "lse is optional");
}

void Order() {
  for (const size_t dim : {24, 64}) {
    const Batch batch = MakeBatch({3, 100, 65, 0, 40}, 2, dim);
    HostMachine machine;
    BackwardsMachine backwards;
    Run first = Forward(batch, machine), second = Forward(batch, backwards);
    check::That(Same(first.o, second.o) && Same(first.lse, second.lse), "the order of blocks does not matter: forward");
    Backward(batch, machine, false, &first);
    Backward(batch, backwards, false, &second);
    check::That(Same(first.dqkv, second.dqkv), "the order of blocks does not matter: backward");
  }
}

// NaN in one sequence does not spread, for full and incomplete tiles.
void Isolation(Precision precision) {
  const std::vector<size_t> lengths = {10, 37, 70};
  Batch batch = MakeBatch(lengths, 2, 20);
  HostMachine machine;
  Run clean = Forward(batch, machine, Output::kBoth, precision);
  Backward(batch, machine, false, &clean, precision);
  const size_t model = batch.sizes.model();
  for (size_t token = 10; token < 47; ++token) {
    std::fill_n(batch.qkv.begin() + static_cast<long>(token * 3 * model), 3 * model, NAN);
    std::fill_n(batch.d_o.begin() + static_cast<long>(token * model), model, NAN);
  }
  Run dirty = Forward(batch, machine, Output::kBoth, precision);
  Backward(batch, machine, false, &dirty, precision);
  bool others = true, own = true;
  for (size_t i = 0; i < clean.dqkv.size(); ++i) {
    const size_t token = i / (3 * model), at = i / 3;
    const bool inside = token >= 10 && token < 47;
    if (inside)
      own &= std::isnan(dirty.dqkv[i]);
    else
      others &= dirty.dqkv[i] == clean.dqkv[i];
    if (at / model >= 10 && at / model < 47)
      own &= std::isnan(dirty.o[at]);
    else
      others &= dirty.o[at] == clean.o[at];
  }
  const std::string name = precision == Precision::kBf16 ? ", bf16" : "";
  check::That(others, "NaN does not reach other sequences" + name);
  check::That(own, "NaN is not hidden in its own sequence" + name);
}

void Corners() {
  HostMachine machine;
  for (const std::vector<size_t>& lengths : {std::vector<size_t>{}, {0, 0, 0}}) {
    const Batch batch = MakeBatch(lengths, 2, 8);
    Run run = Forward(batch, machine);
    const bool forward = run.status.ok();
    Backward(batch, machine, false, &run);
    check::That(forward && run.status.ok(), std::to_string(lengths.size()) + " sequences without tokens");
  }
  for (const size_t dim : {0, 257}) {
    const Batch batch = MakeBatch({2}, 1, dim);
    Run run = Forward(batch, machine);
    check::That(run.status.code() == Code::kArgRange && run.status.message().ends_with("got " + std::to_string(dim)),
                "head dimension " + std::to_string(dim) + " is refused", run.status.message());
  }
  const Batch batch = MakeBatch({40}, 2, 8);
  Run run = Forward(batch, machine);
  machine.limit = 80 * sizeof(float) - 1;
  Backward(batch, machine, false, &run);
  check::That(run.status.code() == Code::kOutOfMemory, "out of memory is an error", run.status.message());
  machine.limit = 80 * sizeof(float);
  Backward(batch, machine, false, &run);
  check::That(run.status.ok(), "extra memory is one float per token and head", run.status.message());
}

}  // namespace
}  // namespace univar

int main() {
  univar::Coverage();
  univar::CompareAll();
  univar::CompareAllBf16();
  univar::FiniteDifferences();
  univar::Outputs();
  univar::Order();
  univar::Isolation(univar::Precision::kF32);
  univar::Isolation(univar::Precision::kBf16);
  univar::Corners();
  return check::Finish();
}
