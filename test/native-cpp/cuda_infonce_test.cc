// The loss of the CUDA backend, run on the host: its driver and all bodies, without the tensor-core instructions.
#include "check.h"
#include "cuda/infonce/driver.h"
#include "infonce_reference.h"

namespace univar {
namespace {

using cuda::HostMachine;
using cuda::InfoNceDriver;

struct Batch {
  std::vector<float> query, key;
  std::vector<int32_t> labels;
  size_t rows, dim;
};

// Makes pairs of similar rows, as in training, with about five rows per label.
Batch MakeBatch(size_t rows, size_t dim) {
  check::Random random(rows * 1000 + dim);
  Batch batch{std::vector<float>(rows * dim), std::vector<float>(rows * dim), std::vector<int32_t>(rows), rows, dim};
  for (size_t i = 0; i < rows; ++i) {
    double query = 0.0, key = 0.0;
    for (size_t d = i * dim; d < (i + 1) * dim; ++d) {
      batch.query[d] = static_cast<float>(random.Uniform());
      batch.key[d] = static_cast<float>(batch.query[d] + random.Uniform());
      query += batch.query[d] * batch.query[d];
      key += batch.key[d] * batch.key[d];
    }
    for (size_t d = i * dim; d < (i + 1) * dim; ++d) {
      batch.query[d] = static_cast<float>(batch.query[d] / std::sqrt(query));
      batch.key[d] = static_cast<float>(batch.key[d] / std::sqrt(key));
    }
    batch.labels[i] = static_cast<int32_t>(random.Below(rows / 5 + 1)) - 3;
  }
  return batch;
}

struct Run {
  Status status = Status::Ok();
  double loss = -1.0, device_seconds = -1.0;
  size_t allocated = 0;
  std::vector<float> d_query, d_key;
};

Run RunOnHost(const Batch& batch, double scale, InfoNceMode mode, bool bf16, size_t tile = 0,
              const Control& control = Control(), size_t memory = SIZE_MAX, bool backend_memory = false) {
  Run run;
  run.d_query.assign(batch.rows * batch.dim, NAN);
  run.d_key.assign(batch.rows * batch.dim, NAN);
  InfoNceArgs args;
  args.query = batch.query.data();
  args.key = batch.key.data();
  args.labels = batch.labels.data();
  args.d_query = run.d_query.data();
  args.d_key = run.d_key.data();
  args.rows = batch.rows;
  args.dim = batch.dim;
  args.logit_scale = scale;
  args.mode = mode;
  args.precision = bf16 ? Precision::kBf16 : Precision::kF32;
  args.block_rows = tile;
  args.backend_memory = backend_memory;
  args.device_seconds = &run.device_seconds;
  HostMachine machine;
  machine.limit = memory;
  run.status = InfoNceDriver<HostMachine>(&machine, args, control).Run(&run.loss);
  run.allocated = machine.allocated;
  return run;
}

std::vector<float> Rounded(std::vector<float> x) {
  for (float& value : x) value = cuda::FromBf16(cuda::ToBf16(value));
  return x;
}

double LargestError(const std::vector<float>& actual, const std::vector<double>& expected, double floor) {
  double error = 0.0, largest = floor;
  for (size_t i = 0; i < actual.size(); ++i) {
    const double e = std::fabs(actual[i] - expected[i]);
    error = e >= error || std::isnan(e) ? e : error;
    largest = std::fmax(largest, std::fabs(expected[i]));
  }
  return largest == 0.0 ? error : error / largest;
}

// `floor` is the smallest scale for gradient errors, for gradients that cancel.
void Compare(const Batch& batch, double scale, InfoNceMode mode, bool bf16, size_t tile, const std::string& name,
             double floor = 0.0) {
  const Run run = RunOnHost(batch, scale, mode, bf16, tile);
  const InfoNceReference expected =
      ReferenceInfoNce(bf16 ? Rounded(batch.query) : batch.query, bf16 ? Rounded(batch.key) : batch.key, batch.labels,
                       batch.rows, batch.dim, scale, mode);
  const std::string what = name + " " + NameOf(mode) + (bf16 ? " bf16 " : " f32 ") + std::to_string(batch.rows) +
                           " x " + std::to_string(batch.dim) + ", scale " + std::to_string(static_cast<int>(scale)) +
                           ", tile " + std::to_string(tile);
  if (!run.status.ok()) return check::That(false, what, run.status.message());
  const double limit = bf16 ? 5e-4 : scale > 50 ? 2e-5 : 1e-5;  // ops/infonce.h; f16 is more accurate than required
  check::AtMost(std::fabs(run.loss - expected.loss) / std::fmax(expected.loss, 1e-9), 1e-5, "loss: " + what);
  check::AtMost(LargestError(run.d_query, expected.d_query, floor), limit, "dQuery: " + what);
  check::AtMost(LargestError(run.d_key, expected.d_key, floor), limit, "dKey: " + what);
}

void CompareAll() {
  for (const auto& [mode, mode_name] : Names<InfoNceMode>::kAll) {
    for (const bool bf16 : {false, true}) {
      for (const auto& [rows, dim, scale] : {std::tuple<size_t, size_t, double>{1, 17, 20},
                                             {2, 1, 20},
                                             {15, 16, 1},
                                             {16, 100, 100},
                                             {17, 63, 100},
                                             {63, 33, 50},
                                             {130, 136, 20}})
        Compare(MakeBatch(rows, dim), scale, mode, bf16, 0, "batch");
      Compare(MakeBatch(5, 9), 20, mode, bf16, 1, "tiles");
      for (const size_t tile : {17, 32, 62}) Compare(MakeBatch(63, 40), 20, mode, bf16, tile, "tiles");
      Compare(MakeBatch(1000, 24), 20, mode, bf16, 384, "large batch");
      Compare(MakeBatch(1100, 8), 20, mode, bf16, 0, "one large tile");

      Batch equal = MakeBatch(65, 40);
      std::fill_n(equal.query.begin(), 40, 0.0f);
      std::fill_n(equal.key.begin() + 3 * 40, 40, 0.0f);
      for (size_t i = 11; i < 40; ++i)
        std::copy_n(equal.key.begin() + 10 * 40, 40, equal.key.begin() + static_cast<long>(i * 40));
      Compare(equal, 100, mode, bf16, 0, "identical and zero rows");

      Batch long_rows = MakeBatch(40, 16);  // logits of tens of thousands, of either sign
      for (float& x : long_rows.query) x *= 30;
      for (float& x : long_rows.key) x *= 30;
      const Run run = RunOnHost(long_rows, 50, mode, bf16, 16);
      bool finite = run.status.ok() && std::isfinite(run.loss);
      for (size_t i = 0; finite && i < run.d_query.size(); ++i) finite = std::isfinite(run.d_query[i] + run.d_key[i]);
      check::That(finite, std::string("large logits ") + mode_name + (bf16 ? " bf16" : " f32"));
    }
  }
}

void CompareLabels() {
  for (const auto mode : {InfoNceMode::kMasked, InfoNceMode::kMaskedSymmetric, InfoNceMode::kSupervised}) {
    for (const bool bf16 : {false, true}) {
      Batch batch = MakeBatch(50, 24);
      std::fill(batch.labels.begin(), batch.labels.end(), INT32_MIN);
      Compare(batch, 20, mode, bf16, 16, "one label", 1e-2);  // all gradients cancel in the masked modes
      for (size_t i = 0; i < 50; ++i) batch.labels[i] = static_cast<int32_t>(i * 1000003);
      Compare(batch, 20, mode, bf16, 16, "distinct labels");
    }
  }
}

// Values that would exceed the range of f16 without powers of two: sides of any magnitude, and coefficients of pairs
// that are almost learnt.
void CompareSizes() {
  for (const auto& [mode, mode_name] : Names<InfoNceMode>::kAll) {
    for (const int power : {-60, -20, 15, 60}) {
      Batch batch = MakeBatch(63, 40);
      for (float& x : batch.query) x = std::ldexp(x, power);
      for (float& x : batch.key) x = std::ldexp(x, 4 - power);
      Compare(batch, 1.25, mode, true, 32,
              "sides times 2^" + std::to_string(power) + " and 2^" + std::to_string(4 - power));
    }
    Batch small = MakeBatch(63, 40);
    for (float& x : small.key) x = std::ldexp(x, -40);
    Compare(small, 20, mode, true, 32, "one side times 2^-40");
    if (mode == InfoNceMode::kSupervised) continue;  // several positives always leave something to learn
    Batch learnt = MakeBatch(33, 40);
    std::fill(learnt.query.begin(), learnt.query.end(), 0.0f);
    for (size_t i = 0; i < 33; ++i) learnt.query[i * 40 + i] = 1.0f;  // dot products with other rows are 0 or 1/8
    learnt.key = learnt.query;
    for (size_t i = 0; i < 33; ++i) learnt.key[i * 40 + (i + 7) % 33] = 0.125f;
    Compare(learnt, 40, mode, true, 16, "learnt");
  }
}

// Rows and gradients in the machine's memory, as in a training step.
void InPlace() {
  const Batch batch = MakeBatch(70, 40);
  for (const bool bf16 : {false, true}) {
    const Run copied = RunOnHost(batch, 20, InfoNceMode::kMasked, bf16, 32);
    const Run in_place = RunOnHost(batch, 20, InfoNceMode::kMasked, bf16, 32, Control(), SIZE_MAX, true);
    const std::string what = bf16 ? " bf16" : " f32";
    check::That(in_place.status.ok() && copied.loss == in_place.loss && copied.d_query == in_place.d_query &&
                    copied.d_key == in_place.d_key,
                "rows on the machine give the same result as rows on the host" + what, in_place.status.message());
    check::That(in_place.allocated + 4 * 70 * 40 * sizeof(float) == copied.allocated,
                "rows on the machine are not copied" + what);
    check::That(copied.device_seconds > 0 && in_place.device_seconds > 0,
                "the seconds on the device are reported" + what);
  }
}

void Failures() {
  Batch batch = MakeBatch(40, 8);
  batch.key[17 * 8 + 3] = NAN;
  Run run = RunOnHost(batch, 20, InfoNceMode::kOneWay, false);
  check::That(run.status.code() == Code::kNonFinite && run.status.message() == "infoNce: key row 17 is NaN or infinite",
              "names the bad key", run.status.message());
  batch.query[9 * 8] = INFINITY;
  run = RunOnHost(batch, 20, InfoNceMode::kSupervised, true);
  check::That(run.status.message() == "infoNce: query row 9 is NaN or infinite (in bf16)", "names the first bad row",
              run.status.message());
  batch = MakeBatch(40, 8);
  run = RunOnHost(batch, 1e300, InfoNceMode::kOneWay, false);
  check::That(run.status.code() == Code::kNonFinite, "a scale beyond float gives an error, not numbers");
  run = RunOnHost(batch, 20, InfoNceMode::kOneWay, false, 0, Control(), 5000);
  check::That(run.status.code() == Code::kOutOfMemory && run.status.message().find("bytes") != std::string::npos,
              "out of memory says how much", run.status.message());
  int32_t block[Control::kLength] = {1, 0};
  run = RunOnHost(batch, 20, InfoNceMode::kOneWay, false, 0, Control(block, nullptr));
  check::That(run.status.code() == Code::kAborted, "a cancelled call aborts");
}

void Merging() {
  using namespace cuda;
  check::Random random(5);
  for (const double scale : {1.0, 100.0}) {
    for (const double range : {1.0, 1e4}) {
      std::vector<float> x(1000);
      for (float& value : x) value = static_cast<float>(range * random.Uniform());
      double max = -INFINITY, sum = 0.0;
      for (const float value : x) max = std::fmax(max, value);
      for (const float value : x) sum += std::exp(scale * (value - max));
      SoftSum all = EmptySoftSum();
      for (size_t begin = 0; begin < x.size();) {
        const size_t end = std::min(x.size(), begin + random.Below(97));  // including empty parts
        SoftSum part = EmptySoftSum();
        for (size_t i = begin; i < end; ++i) part.max = std::fmax(part.max, x[i]);
        for (size_t i = begin; i < end; ++i) part.sum += std::exp(scale * (x[i] - static_cast<double>(part.max)));
        Merge(&all, part, scale);
        begin = end;
      }
      check::That(all.max == static_cast<float>(max), "merged maximum");
      check::AtMost(std::fabs(all.sum - sum) / sum, 1e-12,
                    "merged sum, scale " + std::to_string(scale) + ", range " + std::to_string(range));
    }
  }
  SoftSum nothing = EmptySoftSum();
  Merge(&nothing, EmptySoftSum(), 1.0);
  check::That(nothing.sum == 0.0 && std::isinf(nothing.max), "two merged empty sums are empty");
}

}  // namespace
}  // namespace univar

int main() {
  univar::Merging();
  univar::CompareAll();
  univar::CompareSizes();
  univar::CompareLabels();
  univar::InPlace();
  univar::Failures();
  return check::Finish();
}
