// Exact top-k of the CUDA backend, run on the host: sorting, selection, the bound of the bf16 scan, complete searches.
#include <algorithm>
#include <cmath>
#include <vector>

#include "check.h"
#include "cuda/topk/driver.h"

namespace univar::cuda {
namespace {

// An independent version of the exact score of ops/topk.h.
double ExactKey(Metric metric, const float* q, const float* b, size_t dim) {
  const auto sum = [&](auto term) {
    double sums[32] = {};
    for (size_t d = 0; d < dim; ++d) sums[d % 32] += term(d);
    for (size_t half = 16; half > 0; half /= 2)
      for (size_t j = 0; j < half; ++j) sums[j] += sums[j + half];
    return sums[0];
  };
  const double dot = sum([&](size_t d) { return static_cast<double>(q[d]) * b[d]; });
  if (metric == Metric::kIp) return dot;
  if (metric == Metric::kL2)
    return -sum([&](size_t d) {
      const double e = static_cast<double>(q[d]) - b[d];
      return e * e;
    });
  const double qq = sum([&](size_t d) { return static_cast<double>(q[d]) * q[d]; });
  const double bb = sum([&](size_t d) { return static_cast<double>(b[d]) * b[d]; });
  return qq == 0.0 || bb == 0.0 ? 0.0 : dot / (std::sqrt(qq) * std::sqrt(bb));
}

std::vector<float> MakeRows(size_t rows, size_t dim, uint64_t seed) {
  check::Random random(seed);
  std::vector<float> x(rows * dim);
  for (float& value : x) value = static_cast<float>(random.Uniform());
  return x;
}

struct Cut {
  size_t queries = 0, segment = 0, candidates = 0;  // 0: as planned
};

// Returns the number of query blocks that were searched again.
size_t Search(const std::vector<float>& base, const std::vector<float>& queries, size_t dim, size_t k, Metric metric,
              bool bf16, Cut cut, const std::string& name) {
  const size_t rows = base.size() / dim, count = queries.size() / dim;
  HostMachine machine;
  PreparedRows prepared;
  RowPreparation<HostMachine> preparation;
  std::vector<int32_t> indices(count * k, -7);
  std::vector<float> scores(count * k, NAN);
  size_t repeats = 0;
  const auto run = [&]() -> Status {
    UNIVAR_TRY(preparation.Allocate(&machine, rows, dim, bf16, "base", &prepared));
    UNIVAR_TRY(preparation.Measure(&machine, base.data(), rows, prepared, "base"));
    const TopkRequest request{TraitsOf(metric), ConstMatrix{queries.data(), count, dim}, k, indices.data(),
                              scores.data()};
    const Control control;
    TopkDriver<HostMachine> driver(&machine, prepared, request, control);
    if (cut.queries != 0) driver.plan().queries = cut.queries;
    if (cut.segment != 0) driver.plan().segment = cut.segment;
    if (cut.candidates != 0) driver.plan().candidates = cut.candidates;
    driver.plan().first_segment = Min(driver.plan().first_segment, driver.plan().segment);
    UNIVAR_TRY(driver.Run());
    repeats = driver.repeats();
    return Status::Ok();
  };
  const std::string what = name + " " + NameOf(metric) + (bf16 ? " bf16 " : " f32 ") + std::to_string(rows) +
                           " rows of " + std::to_string(dim) + ", " + std::to_string(count) + " queries, k " +
                           std::to_string(k) + ", segment " + std::to_string(cut.segment) + ", candidates " +
                           std::to_string(cut.candidates);
  const Status status = run();
  check::That(status.ok(), "runs " + what, status.message());
  bool right = status.ok();
  std::string why;
  for (size_t q = 0; right && q < count; ++q) {
    std::vector<RankedRow> expected(rows);
    for (size_t j = 0; j < rows; ++j)
      expected[j] = {ExactKey(metric, &queries[q * dim], &base[j * dim], dim), static_cast<int32_t>(j)};
    // Stable: equal keys keep the order of their rows.
    std::stable_sort(expected.begin(), expected.end(),
                     [](const RankedRow& a, const RankedRow& b) { return a.key > b.key; });
    for (size_t n = 0; right && n < k; ++n) {
      const float score = static_cast<float>(metric == Metric::kL2 ? -expected[n].key : expected[n].key);
      right = indices[q * k + n] == expected[n].row && scores[q * k + n] == score;
      why = "query " + std::to_string(q) + ", place " + std::to_string(n) + ": row " +
            std::to_string(indices[q * k + n]) + " instead of " + std::to_string(expected[n].row);
    }
  }
  check::That(right, what, why);
  return repeats;
}

void Searches() {
  for (const auto& [metric, name] : Names<Metric>::kAll) {
    for (const bool bf16 : {false, true}) {
      for (const auto& [rows, dim, count, k] : {std::tuple<size_t, size_t, size_t, size_t>{1, 1, 1, 1},
                                                {15, 17, 3, 15},
                                                {16, 16, 17, 5},
                                                {17, 63, 2, 10},
                                                {63, 100, 9, 63},
                                                {1000, 24, 5, 50}})
        Search(MakeRows(rows, dim, rows), MakeRows(count, dim, rows + 1), dim, k, metric, bf16, {}, "search");
      for (const size_t segment : {16, 512, 3000})
        Search(MakeRows(3000, 20, 3), MakeRows(7, 20, 4), 20, 40, metric, bf16, {3, segment}, "cuts");
      // Lists larger than shared memory, more rows than a list holds, and k above the rows of a segment.
      Search(MakeRows(5000, 9, 5), MakeRows(2, 9, 6), 9, 1500, metric, bf16, {2, 1024}, "large k");
      // Growing segments give few candidates each.
      check::That(
          Search(MakeRows(70000, 8, 12), MakeRows(2, 8, 13), 8, 10, metric, bf16, {2, 0, 4096}, "many rows") == 0,
          "few rows are candidates");

      std::vector<float> equal = MakeRows(600, 12, 8);
      for (size_t i = 1; i < 500; ++i) std::copy_n(equal.begin(), 12, equal.begin() + static_cast<long>(12 * i));
      std::fill_n(equal.begin() + 12 * 550, 12, 0.0f);
      std::vector<float> queries = MakeRows(3, 12, 9);
      std::copy_n(equal.begin(), 12, queries.begin());
      std::fill_n(queries.begin() + 12, 12, 0.0f);
      Search(equal, queries, 12, 100, metric, bf16, {3, 256}, "duplicates and zero rows");
      const size_t repeats =
          Search(equal, queries, 12, 100, metric, bf16, {2, 600, 64}, "more duplicates than candidates");
      check::That(repeats == 2, "both blocks are searched again", std::to_string(repeats));

      std::vector<float> extreme = MakeRows(200, 30, 10);
      for (size_t i = 0; i < 200; ++i)
        for (size_t d = 0; d < 30; ++d) extreme[i * 30 + d] *= std::ldexp(1.0f, static_cast<int>(i % 120) - 60);
      Search(extreme, MakeRows(3, 30, 11), 30, 20, metric, bf16, {}, "lengths of all magnitudes");

      std::vector<float> ascending(6000 * 4);  // every row is better than all before, so lists keep overflowing
      for (size_t i = 0; i < ascending.size(); ++i) ascending[i] = static_cast<float>(i / 4);
      Search(ascending, std::vector<float>{1, 1, 1, 1}, 4, 10, metric, bf16, {}, "ascending");
      Search(ascending, std::vector<float>{1, 1, 1, 1}, 4, 10, metric, bf16, {1, 0, 100}, "ascending");
    }
  }
}

void Sorting() {
  check::Random random(2);
  for (size_t size = 2; size <= 4096; size *= 2) {
    std::vector<RankedRow> rows(size);
    for (size_t i = 0; i < size; ++i)
      rows[i] = {std::floor(random.Uniform() * 20), static_cast<int32_t>(random.Below(1000))};
    HostBlock block(0, kSelectThreads, 0);
    std::vector<RankedRow> expected = rows;
    std::sort(expected.begin(), expected.end(), RanksBefore);
    SortBestFirst(block, rows.data(), size);
    bool equal = true;
    for (size_t i = 0; i < size; ++i) equal &= rows[i].key == expected[i].key && rows[i].row == expected[i].row;
    check::That(equal, "sorts " + std::to_string(size) + " rows");
  }
}

// The bound holds, even if every product of a sum is truncated as much as tensor cores can.
void Bounds() {
  check::Random random(3);
  for (const size_t dim : {1, 16, 100, 768}) {
    bool holds = true;
    double loosest = 0.0;
    for (int n = 0; n < 400; ++n) {
      std::vector<float> rows = MakeRows(2, dim, 1000 + static_cast<uint64_t>(n) + dim);
      if (n % 3 == 0)  // nearly parallel, where a bound that is too small would show
        for (size_t d = 0; d < dim; ++d)
          rows[dim + d] = rows[d] * (1.0f + 1e-4f * static_cast<float>(random.Uniform()));
      if (n % 5 == 0)
        for (size_t d = 0; d < dim; ++d) rows[d] *= 1e-20f;
      HostMachine machine;
      PreparedRows prepared;
      RowPreparation<HostMachine> preparation;
      Status status = preparation.Allocate(&machine, 2, dim, true, "rows", &prepared);
      if (status.ok()) status = preparation.Measure(&machine, rows.data(), 2, prepared, "rows");
      holds &= status.ok();
      float sum = 0.0f;
      for (size_t begin = 0; begin < dim; begin += 16) {
        double largest = std::fabs(sum);
        for (size_t d = begin; d < Min(begin + 16, dim); ++d)
          largest = std::fmax(largest, std::fabs(static_cast<double>(FromBf16(prepared.codes[d])) *
                                                 FromBf16(prepared.codes[prepared.stride + d])));
        const double unit = largest == 0.0 ? 1.0 : std::ldexp(1.0, std::ilogb(largest) - 23);
        double cut = std::trunc(sum / unit) * unit;
        for (size_t d = begin; d < Min(begin + 16, dim); ++d)
          cut += std::trunc(static_cast<double>(FromBf16(prepared.codes[d])) *
                            FromBf16(prepared.codes[prepared.stride + d]) / unit) *
                 unit;
        sum = static_cast<float>(cut);
      }
      for (const auto& [metric, name] : Names<Metric>::kAll) {
        const double key = ExactKey(metric, &rows[0], &rows[dim], dim);
        const double upper = UpperBound(TraitsOf(metric), sum, dim, prepared.norms[0], prepared.residuals[0],
                                        prepared.norms[1], prepared.residuals[1]);
        holds &= upper >= key;
        if (metric == Metric::kCosine) loosest = std::fmax(loosest, upper - key);
      }
    }
    check::That(holds, "the bound holds at width " + std::to_string(dim));
    check::AtMost(loosest, 0.02, "the bound is tight at width " + std::to_string(dim));
  }
}

// For rows that bf16 represents exactly, the bound consists only of its part for truncated sums.
void BoundOfCutSums() {
  for (const size_t dim : {16, 768, 4096}) {
    const float cut = 1.0f - static_cast<float>(static_cast<double>(dim) * 17 / 16 * std::ldexp(1.0, -23));
    check::That(UpperBound(TraitsOf(Metric::kCosine), cut, dim, 1.0, 0.0f, 1.0, 0.0f) >= 1.0,
                "covers truncated sums at width " + std::to_string(dim));
  }
}

void Plans() {
  bool fits = true;
  for (const size_t rows : {1, 100, 1000000, 2147483647})
    for (const size_t queries : {1, 7, 1000, 5000000})
      for (const size_t k : {1, 50, 1000, 1000000})
        for (const bool exact : {false, true}) {
          if (k > rows) continue;
          const TopkPlan plan(rows, queries, k, exact);
          fits &= plan.queries >= 1 && plan.list_size >= k + BestList::kRoom &&
                  (plan.list_size & (plan.list_size - 1)) == 0;
          fits &=
              plan.queries == 1 || plan.queries * (plan.list_size + plan.candidates) * sizeof(RankedRow) <= kListBytes;
          fits &= plan.candidates >= Min(k, plan.segment) && plan.first_segment <= plan.candidates &&
                  plan.first_segment <= plan.segment;
          for (size_t done = 0, steps = 0; done < rows; ++steps) {
            const size_t width = plan.Width(done, false);
            fits &= width > 0 && width <= plan.segment && plan.Width(done, true) <= plan.candidates;
            done = done == 0 || width < plan.segment ? done + width : rows;
            fits &= steps < 64;
          }
          fits &=
              plan.segment >= 8 && plan.segment % 8 == 0 && plan.queries * plan.segment * (exact ? 8 : 4) <= kScanBytes;
          fits &= plan.list_size * sizeof(RankedRow) <= 64 * k + 65536;
        }
  check::That(fits, "plans stay within their memory");
}

}  // namespace
}  // namespace univar::cuda

int main() {
  univar::cuda::Sorting();
  univar::cuda::Bounds();
  univar::cuda::BoundOfCutSums();
  univar::cuda::Plans();
  univar::cuda::Searches();
  return check::Finish();
}
