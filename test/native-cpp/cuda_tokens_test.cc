// The operations at both ends of the encoder in the CUDA backend, run on the host: embedding, rotary positions, pooling
// and normalisation.
#include <algorithm>
#include <numeric>

#include "cuda/encoder/embedding.h"
#include "cuda/encoder/l2_normalize.h"
#include "cuda/encoder/pooling.h"
#include "cuda/encoder/rope.h"
#include "vectors.h"

namespace univar::cuda {
namespace {

using check::RelativeError;
using check::Size;
using check::Vector;
using Floats = std::vector<float>;
using Doubles = std::vector<double>;
using Ints = std::vector<int32_t>;

Ints RandomIds(size_t n, size_t below, uint64_t seed) {
  check::Random random(seed);
  Ints ids(n);
  for (int32_t& id : ids) id = static_cast<int32_t>(random.Below(below));
  return ids;
}

void Embedding(size_t tokens, size_t cols, size_t vocabulary) {
  const size_t length = 50;  // of sequences
  const int32_t padding = 1;
  const Ints ids = RandomIds(tokens, vocabulary, tokens + cols);
  Ints positions(tokens);
  for (size_t t = 0; t < tokens; ++t) positions[t] = static_cast<int32_t>(t % length);
  const EmbeddingArgs args{ids.data(), positions.data(), tokens, cols};
  const Floats word = Vector(vocabulary * cols, 1), position = Vector(length * cols, 2), type = Vector(2 * cols, 3);
  const std::string name = std::to_string(vocabulary) + " words, " + Size(tokens, cols);
  HostMachine machine;
  for (const bool all : {true, false}) {
    Floats x(tokens * cols, NAN);
    const Status status = EmbeddingForward(machine, args, word.data(), all ? position.data() : nullptr,
                                           all ? type.data() : nullptr, x.data());
    Doubles expected(tokens * cols);
    for (size_t i = 0; i < expected.size(); ++i) {
      const size_t t = i / cols, j = i % cols;
      expected[i] = word[ids[t] * cols + j];
      if (all) expected[i] += static_cast<double>(position[positions[t] * cols + j]) + type[j];
    }
    check::That(status.ok(), "embedding runs, " + name, status.message());
    check::AtMost(RelativeError(x, expected, 1.0), 2e-7, "embedding, " + name);
  }

  // Far from zero, so that float32 sums would fail the test.
  Floats dx = Vector(tokens * cols, 4, 1.0, 100.0);
  Floats dword(vocabulary * cols, 0.25f), dposition(length * cols, 0.5f), dtype(2 * cols, 0.75f);
  Doubles to_word(dword.begin(), dword.end()), to_position(dposition.begin(), dposition.end()),
      to_type(dtype.begin(), dtype.end());
  for (size_t i = 0; i < dx.size(); ++i) {
    const size_t t = i / cols, j = i % cols;
    if (ids[t] != padding) to_word[ids[t] * cols + j] += dx[i];
    to_position[positions[t] * cols + j] += dx[i];
    to_type[j] += dx[i];
  }
  const Status status =
      EmbeddingBackward(machine, args, dx.data(), padding, dword.data(), dposition.data(), dtype.data());
  check::That(status.ok(), "gradient of the embedding runs, " + name, status.message());
  check::AtMost(RelativeError(dword, to_word, 0.0), 6e-8, "gradient of words, " + name);
  check::AtMost(RelativeError(dposition, to_position, 0.0), 6e-8, "gradient of positions, " + name);
  check::AtMost(RelativeError(dtype, to_type, 0.0), 6e-8, "gradient of the type, " + name);

  // If only word gradients are requested, gradients of padding tokens are not read.
  for (size_t i = 0; i < dx.size(); ++i)
    if (ids[i / cols] == padding) dx[i] = NAN;
  Floats again(vocabulary * cols, 0.25f);
  const Status words = EmbeddingBackward(machine, args, dx.data(), padding, again.data(), nullptr, nullptr);
  check::That(words.ok() && again == dword, "gradient of words alone, " + name, words.message());
}

void Rotation(size_t tokens, size_t heads, size_t d) {
  const size_t half = d / 2, positions = 600, stride = 3 * heads * d;
  Floats cosines(positions * half), sines(positions * half);
  for (size_t i = 0; i < cosines.size(); ++i) {
    const double angle =
        static_cast<double>(i / half) * std::pow(1e4, -2.0 * static_cast<double>(i % half) / static_cast<double>(d));
    cosines[i] = static_cast<float>(std::cos(angle));
    sines[i] = static_cast<float>(std::sin(angle));
  }
  const Ints at = RandomIds(tokens, positions, tokens);
  const Floats original = Vector(tokens * stride, d);
  for (const bool inverse : {false, true}) {
    Floats qkv = original;
    HostMachine machine;
    const Status status =
        Rope(machine, {qkv.data(), at.data(), tokens, heads, d, cosines.data(), sines.data(), inverse});
    Doubles expected(original.begin(), original.end());
    for (size_t t = 0; t < tokens; ++t) {
      for (size_t head = 0; head < 2 * heads; ++head) {
        for (size_t m = 0; m < half; ++m) {
          const double cosine = cosines[at[t] * half + m], sine = (inverse ? -1.0 : 1.0) * sines[at[t] * half + m];
          const size_t low = t * stride + head * d + m, high = low + half;
          expected[low] = original[low] * cosine - original[high] * sine;
          expected[high] = original[high] * cosine + original[low] * sine;
        }
      }
    }
    bool values = status.ok();
    for (size_t i = 0; i < qkv.size(); ++i) values &= i % stride < 2 * heads * d || qkv[i] == original[i];
    const std::string name = Size(tokens, heads) + " heads of " + std::to_string(d) + (inverse ? " inverse" : "");
    check::AtMost(RelativeError(qkv, expected, 1.0), 2e-7, "rotation, " + name);
    check::That(values, "values are unchanged, " + name, status.message());
  }
}

void Pooled(const Ints& lengths, size_t cols) {
  Ints offsets(lengths.size() + 1, 0);
  std::partial_sum(lengths.begin(), lengths.end(), offsets.begin() + 1);
  const size_t sequences = lengths.size(), tokens = offsets.back();
  Floats hidden = Vector(tokens * cols, cols, 1.0, 1000.0), dy = Vector(sequences * cols, 5);
  const std::string name = Size(tokens, cols) + " to " + std::to_string(sequences);
  for (const Pooling pooling : {Pooling::kMean, Pooling::kCls}) {
    const bool mean = pooling == Pooling::kMean;
    Doubles expected(sequences * cols, 0.0), gradient(tokens * cols, 0.0);
    for (size_t s = 0; s < sequences; ++s) {
      for (int32_t t = offsets[s]; t < offsets[s + 1]; ++t) {
        for (size_t j = 0; j < cols; ++j) {
          const double share = mean ? 1.0 / lengths[s] : t == offsets[s] ? 1.0 : 0.0;
          expected[s * cols + j] += share * hidden[t * cols + j];
          gradient[t * cols + j] = share * dy[s * cols + j];
        }
      }
    }
    Floats y(sequences * cols, NAN), dhidden(tokens * cols, NAN);
    HostMachine machine;
    const Status forward =
        Pool(machine, {hidden.data(), tokens, cols}, offsets.data(), pooling, {y.data(), sequences, cols}, Control());
    const Status backward =
        PoolBackward(machine, {dy.data(), sequences, cols}, offsets.data(), pooling, {dhidden.data(), tokens, cols});
    const std::string which = (mean ? "mean of " : "first of ") + name;
    check::That(forward.ok() && backward.ok(), which + " runs");
    check::AtMost(RelativeError(y, expected, 0.0), 6.1e-8, which);
    check::AtMost(RelativeError(dhidden, gradient, 1e-9), 1.3e-7, "gradient of the " + which);
  }
}

void UnitRows(size_t rows, size_t cols) {
  Floats x = Vector(rows * cols, rows + cols);
  const Floats dy = Vector(rows * cols, cols);
  const double scales[] = {1.0, 1e-30, 1e30, 0.0,
                           1e-13};  // squares outside the range of float32, zero, below the smallest norm
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(x[i] * scales[i / cols % std::size(scales)]);
  Doubles expected(rows * cols);
  Floats y(rows * cols, NAN), dx(rows * cols, NAN), scaled(rows * cols);
  HostMachine machine;
  const ConstMatrix from{x.data(), rows, cols};
  const Status forward = L2Normalize(machine, from, {y.data(), rows, cols}, Control());
  const Status backward = L2NormalizeBackward(machine, from, {dy.data(), rows, cols}, {dx.data(), rows, cols});
  Doubles gradient(rows * cols);
  for (size_t i = 0; i < rows; ++i) {
    double square = 0.0, dot = 0.0;
    for (size_t j = i * cols; j < (i + 1) * cols; ++j) square += static_cast<double>(x[j]) * x[j];
    const double norm = std::max(std::sqrt(square), 1e-12);
    for (size_t j = i * cols; j < (i + 1) * cols; ++j) dot += dy[j] * (expected[j] = x[j] / norm);
    for (size_t j = i * cols; j < (i + 1) * cols; ++j) {
      gradient[j] = dy[j] - dot * expected[j];
      scaled[j] = static_cast<float>(dx[j] * norm);
    }
  }
  const std::string name = Size(rows, cols);
  check::That(forward.ok() && backward.ok(), "normalisation runs, " + name);
  check::AtMost(RelativeError(y, expected, 1e-40), 1.2e-7, "normalisation, " + name);
  check::AtMost(RelativeError(scaled, gradient, 1e-6), 2e-7, "gradient of normalisation, " + name);

  Floats y_over = x, dx_over = dy;
  const bool ok = L2Normalize(machine, {y_over.data(), rows, cols}, {y_over.data(), rows, cols}, Control()).ok() &&
                  L2NormalizeBackward(machine, from, {dx_over.data(), rows, cols}, {dx_over.data(), rows, cols}).ok();
  check::That(ok && y_over == y && dx_over == dx, "normalisation in place, " + name);
}

void Cancelled() {
  int32_t block[Control::kLength] = {1, 0};
  const Control control(block, nullptr);
  HostMachine machine;
  check::That(Pool(machine, {}, nullptr, Pooling::kMean, {}, control).code() == Code::kAborted,
              "pooling can be cancelled");
  check::That(L2Normalize(machine, {}, {}, control).code() == Code::kAborted, "normalisation can be cancelled");
}

}  // namespace
}  // namespace univar::cuda

int main() {
  using namespace univar::cuda;
  for (const size_t tokens : {0, 1, 127, 128, 129, 1000}) {
    for (const size_t cols : {1, 33, 129}) {
      for (const size_t vocabulary : {2, 7, 5000}) Embedding(tokens, cols, vocabulary);
    }
  }
  Embedding(60, 1030, 9);
  for (const auto& [tokens, heads, d] :
       {std::tuple<size_t, size_t, size_t>{0, 1, 2}, {1, 1, 2}, {3, 2, 6}, {17, 12, 32}, {5, 3, 34}, {4, 16, 128}})
    Rotation(tokens, heads, d);
  for (const size_t cols : {1, 33, 128, 129, 300}) {
    Pooled({}, cols);
    Pooled({1}, cols);
    Pooled({3, 0, 1, 300, 0}, cols);
  }
  for (const size_t rows : {0, 1, 5, 33}) {
    for (const size_t cols : {1, 15, 128, 129, 1000}) UnitRows(rows, cols);
  }
  Cancelled();
  return check::Finish();
}
