// info_nce on oneDNN products and the SIMD passes of infonce_kernels.cc, see ops/infonce.h.
//
// For each block of query rows X_b:
//   1. S = X_b Y^T, a strip of dot products with all keys.
//   2. Row by row, positives and dropped entries are removed from the strip. The other entries become the gradient
//      coefficients of the negatives, G_ij = (s / B) p_ij, in place (bf16: in the first half of the row's memory).
//   3. dX_b += G Y, dY += G^T X_b.
// At the end, the positives follow from sums over groups of rows. With N_i the share of the negatives in row i's
// denominator and c_i = (s / B) N_i / |Pos_i|, dX_i -= c_i sum_{p in Pos_i} y_p and dY_p -= sum_{i : p in Pos_i} c_i
// x_i. In supervised mode, G contains the rest of a positive's coefficient: its deviation from the mean of the
// positives.
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "core/aligned_buffer.h"
#include "core/numbers.h"
#include "core/row_groups.h"
#include "core/simd_targets.h"
#include "core/work_counters.h"
#include "cpu/bf16.h"
#include "cpu/gemm.h"
#include "cpu/infonce_kernels.h"
#include "cpu/kernels.h"

namespace univar {
namespace {

constexpr size_t kMemory = size_t{44} << 20;     // for strip and converted operands; the rest of 64 MiB is headroom
constexpr size_t kKeyMemory = size_t{20} << 20;  // part of it for converted keys
constexpr size_t kMaxBlockRows = 512;            // more rows gain nothing, and the strip should stay in cache
constexpr size_t kKeyRowMultiple = 64;
// In bf16, coefficients above this share of their row's sum are kept exact; these are at most 64 per row. In symmetric
// modes, so are those above this share of their column's sum. A row can have more of those if many keys point to it.
constexpr float kExactShare = 1.0f / 64;
constexpr size_t kMaxResiduals = 256;
constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

class InfoNce {
 public:
  InfoNce(const InfoNceArgs& args, const Control& control)
      : args_(args),
        control_(control),
        rows_(args.rows),
        dim_(args.dim),
        columns_(RoundUp(rows_, kStripPad)),
        stride_(columns_ + kStripPad),
        rounds_(args.precision == Precision::kBf16),
        mode_(TraitsOf(args.mode)),
        bf16_(rounds_ && !mode_.averages_positives && HasNativeBf16()),
        k_(static_cast<float>(args.logit_scale * std::numbers::log2e)),
        weight_(args.logit_scale / static_cast<double>(args.rows) / (mode_.symmetric ? 2 : 1)),
        groups_(mode_.uses_labels ? args.labels : nullptr, args.rows) {}

  Status Run(double* loss) {
    for (auto step :
         {&InfoNce::Allocate, &InfoNce::Prepare, &InfoNce::SumColumns, &InfoNce::RunBlocks, &InfoNce::AddPositives}) {
      if (Status s = (this->*step)(); !s.ok()) return s;
    }
    double total = 0.0;
    for (double value : losses_) total += value;
    *loss = total / static_cast<double>(rows_);
    return Status::Ok();
  }

 private:
  struct Products {
    Gemm scores, d_query, d_key;
  };
  struct Block {
    size_t begin, rows;
  };

  size_t OperandBytes() const { return rounds_ ? (bf16_ ? sizeof(uint16_t) : sizeof(float)) : 0; }

  Status Allocate() {
    key_rows_ = rows_;
    size_t memory = kMemory;
    if (rounds_) {
      const size_t row_bytes = dim_ * OperandBytes();
      const size_t fit = std::max(kKeyMemory / row_bytes / kKeyRowMultiple, size_t{1}) * kKeyRowMultiple;
      key_rows_ = std::min(rows_, fit);
      memory -= std::min(memory, key_rows_ * row_bytes);
      if (Status s = keys_.Allocate(key_rows_ * row_bytes, "converted keys"); !s.ok()) return s;
    }
    size_t most = args_.block_rows;
    if (most == 0) {
      const size_t row_bytes = stride_ * sizeof(float) + dim_ * OperandBytes();
      most = std::clamp(memory / row_bytes / kStripPad * kStripPad, kStripPad, kMaxBlockRows);
    }
    // Blocks of equal height avoid a small last block.
    block_rows_ = std::min(rows_, RoundUp(CeilDivide(rows_, CeilDivide(rows_, most)), kStripPad));
    if (args_.block_rows != 0) block_rows_ = std::min(rows_, args_.block_rows);
    if (Status s = queries_.Allocate(block_rows_ * dim_ * OperandBytes(), "converted queries"); !s.ok()) return s;
    if (Status s = strip_.Allocate(block_rows_ * stride_, "strip of logits"); !s.ok()) return s;
    // These arrays are per row and per thread. They are allocated here, because an exception must not leave a parallel
    // region.
    const size_t threads = static_cast<size_t>(omp_get_max_threads());
    positive_.resize(rows_);
    coefficient_.resize(rows_);
    losses_.resize(rows_);
    if (bf16_) {
      residuals_.resize(block_rows_ * kMaxResiduals);
      residual_count_.resize(block_rows_);
    }
    if (mode_.averages_positives) gathered_.resize(threads * stride_);
    sums_.resize(threads * 2 * dim_);
    return Status::Ok();
  }

  // Computes the dot products of the pairs, which also show whether the inputs are finite, and clears the gradients.
  Status Prepare() {
    if (control_.cancelled()) return Status::Aborted();
    size_t bad = rows_;
#pragma omp parallel for schedule(static) reduction(min : bad)
    for (size_t i = 0; i < rows_; ++i) {
      positive_[i] = row_dot_cpu(Query(i), Key(i), dim_, rounds_);
      if (!std::isfinite(positive_[i])) bad = std::min(bad, i);
      std::fill_n(args_.d_query + i * dim_, dim_, 0.0f);
      std::fill_n(args_.d_key + i * dim_, dim_, 0.0f);
    }
    if (bad == rows_) return Status::Ok();
    const bool query = !std::all_of(Query(bad), Query(bad) + dim_, [](float v) { return std::isfinite(v); });
    return NonFinite(query ? "query" : "key", bad);
  }

  // In symmetric modes, computes the denominator of each key's column in a first pass over all blocks.
  Status SumColumns() {
    if (!mode_.symmetric) return Status::Ok();
    column_max_.assign(stride_, 0.0f);
    column_weight_.assign(stride_, 0.0f);
    std::vector<double> sum(stride_, 0.0);
    for (size_t j = 0; j < rows_; ++j) column_max_[j] = static_cast<float>(positive_[j]);
    for (size_t begin = 0; begin < rows_; begin += block_rows_) {
      const Block block{begin, std::min(block_rows_, rows_ - begin)};
      if (Status s = ComputeScores(block); !s.ok()) return s;
      for (size_t r = 0; r < block.rows; ++r) {
        for (int32_t j : groups_.of(block.begin + r)) StripRow(r)[j] = kMinusInfinity;
      }
      constexpr size_t kChunk = 4 * kStripPad;
#pragma omp parallel for schedule(static)
      for (size_t j = 0; j < columns_; j += kChunk) {
        strip_columns_cpu(strip_.data() + j, block.rows, stride_, std::min(kChunk, columns_ - j), k_,
                          column_max_.data() + j, sum.data() + j);
      }
    }
    for (size_t j = 0; j < rows_; ++j) {
      const double gap = args_.logit_scale * (positive_[j] - column_max_[j]);
      const double own = std::exp(gap), all = sum[j] + own;
      if (!std::isfinite(all)) return NonFinite("the logits of key", j);
      column_weight_[j] = static_cast<float>(weight_ / all);
      coefficient_[j] = weight_ * sum[j] / all;
      losses_[j] = SinglePositiveLoss(sum[j], own, gap) / 2;
    }
    return Status::Ok();
  }

  Status RunBlocks() {
    for (size_t begin = 0; begin < rows_; begin += block_rows_) {
      const Block block{begin, std::min(block_rows_, rows_ - begin)};
      if (Status s = ComputeScores(block); !s.ok()) return s;
      if (Status s = ComputeCoefficients(block); !s.ok()) return s;
      if (Status s = AddNegatives(block); !s.ok()) return s;
      control_.report(static_cast<int64_t>(begin + block.rows));
    }
    return Status::Ok();
  }

  Status ComputeScores(Block block) {
    const void* queries = Queries(block);
    for (size_t j = 0; j < rows_; j += key_rows_) {
      if (control_.cancelled()) return Status::Aborted();
      CountTile();
      const Block tile{j, std::min(key_rows_, rows_ - j)};
      Products* products = nullptr;
      if (Status s = FindProducts(block.rows, tile.rows, &products); !s.ok()) return s;
      if (Status s = products->scores.Run(queries, Keys(tile), strip_.data() + j); !s.ok()) return s;
    }
    for (size_t r = 0; r < block.rows; ++r) std::fill(StripRow(r) + rows_, StripRow(r + 1), kMinusInfinity);
    return Status::Ok();
  }

  Status ComputeCoefficients(Block block) {
    size_t bad = rows_;
#pragma omp parallel for schedule(static) reduction(min : bad)
    for (size_t r = 0; r < block.rows; ++r) {
      const size_t i = block.begin + r;
      float sum = 0.0f;
      if (!FinishRow(i, StripRow(r), &sum)) bad = std::min(bad, i);
      if (bf16_) {
        const float whole = mode_.symmetric ? std::min(sum, static_cast<float>(weight_)) : sum;
        residual_count_[r] = strip_round_bf16_cpu(StripRow(r), columns_, whole * kExactShare, static_cast<uint32_t>(i),
                                                  &residuals_[r * kMaxResiduals], kMaxResiduals);
      }
    }
    return bad == rows_ ? Status::Ok() : NonFinite("the logits of query", bad);
  }

  // Turns a row of dot products into coefficients and computes their sum. Returns false if the loss of the row is not
  // finite.
  bool FinishRow(size_t i, float* row, float* sum) {
    const auto same = groups_.of(i);
    const bool several = mode_.averages_positives && same.size() > 1;
    const double positives = several ? static_cast<double>(same.size()) : 1.0;
    float* gathered = several ? gathered_.data() + static_cast<size_t>(omp_get_thread_num()) * stride_ : nullptr;
    const size_t gathered_size = RoundUp(same.size(), kStripPad);
    if (several) {
      std::fill_n(gathered, gathered_size, kMinusInfinity);
      for (size_t n = 0; n < same.size(); ++n) gathered[n] = row[same[n]];
    }
    for (int32_t j : same) row[j] = kMinusInfinity;

    float max = strip_max_cpu(row, columns_);
    double positive_sum, gap;  // sum of exponentials; mean logit of the positives minus the maximum
    if (several) {
      max = std::max(max, strip_max_cpu(gathered, gathered_size));
      positive_sum = strip_sum_exp_cpu(gathered, gathered_size, max, k_);
      double total = 0.0;
      for (size_t n = 0; n < same.size(); ++n) total += gathered[n] - max;
      gap = args_.logit_scale * total / positives;
    } else {
      max = std::max(max, static_cast<float>(positive_[i]));
      gap = args_.logit_scale * (positive_[i] - max);
      positive_sum = std::exp(gap);
    }
    const double negative_sum = strip_sum_exp_cpu(row, columns_, max, k_);
    const double all = negative_sum + positive_sum;
    const double loss = several ? std::log(all) - gap : SinglePositiveLoss(negative_sum, positive_sum, gap);
    if (!std::isfinite(all) || !std::isfinite(loss)) return false;
    losses_[i] = mode_.symmetric ? losses_[i] + loss / 2 : loss;
    coefficient_[i] += weight_ * negative_sum / all / positives;

    const float weight = static_cast<float>(weight_ / all);
    const ColumnTerms terms{column_max_.data(), column_weight_.data()};
    *sum = strip_coefficients_cpu(row, columns_, max, k_, weight, mode_.symmetric ? &terms : nullptr);
    if (several) {
      strip_coefficients_cpu(gathered, gathered_size, max, k_, weight, nullptr);
      const double mean = weight_ * positive_sum / all / positives;
      for (size_t n = 0; n < same.size(); ++n) row[same[n]] = static_cast<float>(gathered[n] - mean);
    }
    return true;
  }

  Status AddNegatives(Block block) {
    const void* queries = Queries(block);
    // In reverse order, because the last tile of keys is still converted.
    for (size_t tiles = CeilDivide(rows_, key_rows_); tiles-- > 0;) {
      if (control_.cancelled()) return Status::Aborted();
      const size_t j = tiles * key_rows_;
      CountTile();
      const Block tile{j, std::min(key_rows_, rows_ - j)};
      Products* products = nullptr;
      if (Status s = FindProducts(block.rows, tile.rows, &products); !s.ok()) return s;
      const char* g = reinterpret_cast<const char*>(strip_.data()) + j * (bf16_ ? sizeof(uint16_t) : sizeof(float));
      if (Status s = products->d_query.Run(g, Keys(tile), args_.d_query + block.begin * dim_); !s.ok()) return s;
      if (Status s = products->d_key.Run(g, queries, args_.d_key + j * dim_); !s.ok()) return s;
    }
    if (bf16_) AddResiduals(block);
    return Status::Ok();
  }

  // Each thread has its own columns of the gradients, so threads never write to the same entry.
  void AddResiduals(Block block) {
#pragma omp parallel
    {
      const size_t threads = static_cast<size_t>(omp_get_num_threads());
      const size_t share = RoundUp(CeilDivide(dim_, threads), kStripPad);
      const size_t from = std::min(dim_, share * static_cast<size_t>(omp_get_thread_num()));
      const size_t count = std::min(share, dim_ - from);
      for (size_t r = 0; r < block.rows; ++r) {
        const size_t i = block.begin + r;
        for (size_t n = 0; n < residual_count_[r]; ++n) {
          const auto [j, value] = residuals_[r * kMaxResiduals + n];
          row_axpy_cpu(args_.d_query + i * dim_ + from, value, Key(j) + from, count, true);
          row_axpy_cpu(args_.d_key + j * dim_ + from, value, Query(i) + from, count, true);
        }
      }
    }
  }

  Status AddPositives() {
    if (control_.cancelled()) return Status::Aborted();
    // Masked mode drops the other rows of a group. The only positive is the row itself, as without labels.
    const bool grouped = mode_.averages_positives;
    const size_t count = grouped ? groups_.count() : rows_;
    size_t bad = rows_;
#pragma omp parallel reduction(min : bad)
    {
      double* keys = sums_.data() + static_cast<size_t>(omp_get_thread_num()) * 2 * dim_;
      double* queries = keys + dim_;
#pragma omp for schedule(dynamic, 4)
      for (size_t g = 0; g < count; ++g) {
        const int32_t single = static_cast<int32_t>(g);
        const std::span<const int32_t> group = grouped ? groups_.group(g) : std::span(&single, 1);
        std::fill_n(keys, 2 * dim_, 0.0);
        for (size_t i : group) {
          row_add_cpu(keys, 1.0, Key(i), dim_, rounds_);
          row_add_cpu(queries, coefficient_[i], Query(i), dim_, rounds_);
        }
        for (size_t i : group) {
          const bool query = row_subtract_cpu(args_.d_query + i * dim_, coefficient_[i], keys, dim_);
          const bool key = row_subtract_cpu(args_.d_key + i * dim_, 1.0, queries, dim_);
          if (!query || !key) bad = std::min(bad, i);
        }
      }
    }
    return bad == rows_ ? Status::Ok() : NonFinite("the gradient of", bad);
  }

  // Returns the three products of a block of `rows` queries with `keys` keys. There are at most two heights and two
  // widths.
  Status FindProducts(size_t rows, size_t keys, Products** products) {
    auto [at, fresh] = products_.try_emplace({rows, keys});
    *products = &at->second;
    if (!fresh) return Status::Ok();
    const GemmType type = bf16_ ? GemmType::kBf16 : GemmType::kF32;
    const size_t g_stride = bf16_ ? 2 * stride_ : stride_;  // bf16 uses the first half of each row of the strip
    const GemmSpec scores{.m = rows, .n = keys, .k = dim_, .transpose_b = true, .ldc = stride_, .a = type, .b = type};
    const GemmSpec d_query{.m = rows, .n = dim_, .k = keys, .lda = g_stride, .a = type, .b = type, .accumulate = true};
    const GemmSpec d_key{.m = keys,
                         .n = dim_,
                         .k = rows,
                         .transpose_a = true,
                         .lda = g_stride,
                         .a = type,
                         .b = type,
                         .accumulate = true};
    if (Status s = Gemm::Create(scores, &at->second.scores); !s.ok()) return s;
    if (Status s = Gemm::Create(d_query, &at->second.d_query); !s.ok()) return s;
    return Gemm::Create(d_key, &at->second.d_key);
  }

  // Return rows of an input in the form that the products read, valid until the next call.
  const void* Queries(Block block) { return Converted(Query(block.begin), block, queries_.data(), &queries_held_); }
  const void* Keys(Block block) { return Converted(Key(block.begin), block, keys_.data(), &keys_held_); }

  const void* Converted(const float* from, Block block, uint8_t* to, size_t* held) {
    if (!rounds_) return from;
    if (std::exchange(*held, block.begin) == block.begin) return to;
    if (bf16_) {
      float_to_bf16_cpu(from, reinterpret_cast<uint16_t*>(to), block.rows * dim_);
    } else {
      round_to_bf16_cpu(from, reinterpret_cast<float*>(to), block.rows * dim_);
    }
    return to;
  }

  Status NonFinite(const char* what, size_t row) const {
    return Status::Error(Code::kNonFinite, std::string("infoNce: ") + what + " row " + std::to_string(row) +
                                               " is NaN or infinite" + (rounds_ ? " (in bf16)" : ""));
  }

  const float* Query(size_t i) const { return args_.query + i * dim_; }
  const float* Key(size_t i) const { return args_.key + i * dim_; }
  float* StripRow(size_t r) const { return strip_.data() + r * stride_; }

  const InfoNceArgs& args_;
  const Control& control_;
  const size_t rows_, dim_;
  const size_t columns_;  // of the strip, with padding
  const size_t stride_;   // between its rows; not a power of two, so that they do not share cache sets
  const bool rounds_;     // whether inputs are rounded to bf16
  const InfoNceTraits mode_;
  const bool bf16_;      // whether products run on bf16 units; otherwise in f32
  const float k_;        // logit scale in base 2
  const double weight_;  // dL / d(logit) of a probability
  const RowGroups groups_;

  size_t block_rows_ = 0;  // queries per block
  size_t key_rows_ = 0;    // keys per product: all, unless converting them would need too much memory
  AlignedBuffer<float> strip_;
  AlignedBuffer<uint8_t> keys_, queries_;
  size_t keys_held_ = SIZE_MAX, queries_held_ = SIZE_MAX;  // first row of their content
  std::map<std::pair<size_t, size_t>, Products> products_;

  std::vector<Residual> residuals_;  // of the current block, kMaxResiduals per row
  std::vector<size_t> residual_count_;
  std::vector<float> gathered_;      // per thread: dot products of one row's positives
  std::vector<double> sums_;         // per thread: two sums of rows
  std::vector<double> positive_;     // x_i . y_i
  std::vector<double> coefficient_;  // c_i
  std::vector<double> losses_;
  std::vector<float> column_max_, column_weight_;
};

}  // namespace

Status info_nce_cpu(const InfoNceArgs& args, double* loss, const Control& control) {
  return InfoNce(args, control).Run(loss);
}

}  // namespace univar
