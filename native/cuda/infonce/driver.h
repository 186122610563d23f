// info_nce on a machine (machine.h), see ops/infonce.h. Rows and gradients in host memory are copied; those in the
// machine's memory are used in place. Labels are in host memory.
//
// The matrix of dot products is computed tile by tile, twice: first for the sums of its rows (and columns), then for
// the gradients. In the second pass each tile becomes coefficients G, and dX_I += G Y_J, dY_J += G^T X_I. This takes
// 8 B^2 D operations in every mode, and the memory of one tile for any batch.
//
// For bf16, the tensor cores get f16 operands, which are as fast and have three more bits. After multiplication by a
// power of two, one per side, bf16 entries fit exactly into f16 down to 2^-28 of the side's largest entry (and with
// decreasing precision down to 2^-38), so products equal those of bf16. G is multiplied by another power of two and
// rounded to 2^-11 of each coefficient. With the 2^-8 of bf16, an error of 1e-3 would require two products, or
// stochastic rounding and special handling of large coefficients.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <vector>

#include "core/control.h"
#include "core/row_groups.h"
#include "core/try.h"
#include "cuda/gemm/product.h"
#include "cuda/infonce/bodies.h"
#include "cuda/machine/machine.h"
#include "cuda/primitives/block_sums.h"
#include "ops/infonce.h"

namespace univar::cuda {

inline constexpr size_t kInfoNceTile = 4096;  // rows and columns: 96 MiB for dot products and coefficients
inline constexpr size_t kQueuedTiles = 16;    // tiles between two waits for the device, to check for cancellation
inline constexpr size_t kRowPadding = 8;      // entries that a product reads in one piece

// Returns the exponent of the power of two that scales `largest` to [2^top, 2^(top + 1)), limited so that the power is
// a finite float.
inline int PowerFor(float largest, int top) { return largest == 0.0f ? 0 : std::min(top - std::ilogb(largest), 126); }

template <class Machine>
class InfoNceDriver {
 public:
  InfoNceDriver(Machine* machine, const InfoNceArgs& args, const Control& control)
      : machine_(*machine),
        args_(args),
        control_(control),
        rows_(args.rows),
        dim_(args.dim),
        stride_(RoundUp(args.dim, kRowPadding)),
        bf16_(args.precision == Precision::kBf16),
        mode_(TraitsOf(args.mode)),
        scale_(static_cast<float>(args.logit_scale)),
        weight_(args.logit_scale / static_cast<double>(args.rows) / (mode_.symmetric ? 2 : 1)),
        tile_rows_(Min(args.block_rows == 0 ? kInfoNceTile : args.block_rows, rows_)),
        tile_columns_(tile_rows_),
        tile_stride_(RoundUp(tile_columns_, kRowPadding)) {}

  Status Run(double* loss) {
    if (control_.cancelled()) return Status::Aborted();
    UNIVAR_TRY(PlaceRows());
    const auto begin = std::chrono::steady_clock::now();
    UNIVAR_TRY(Allocate());
    UNIVAR_TRY(Prepare());
    UNIVAR_TRY(ForEachTile([this](const Tile& tile) { return Sum(tile); }));
    UNIVAR_TRY(Finish(loss));
    UNIVAR_TRY(ForEachTile([this](const Tile& tile) { return AddNegatives(tile); }));
    UNIVAR_TRY(AddPositives());
    if (args_.device_seconds != nullptr) {
      *args_.device_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }
    return ReturnGradients();
  }

 private:
  // The kinds of values whose largest one is needed.
  enum { kQueryEntry, kKeyEntry, kCoefficient, kSizes };
  // An operand: f16 if the precision is bf16.
  struct Rows {
    const float* f32;
    const F16* f16;
  };

  Status PlaceRows() {
    if (args_.backend_memory) {
      query_ = args_.query;
      key_ = args_.key;
      d_query_ = args_.d_query;
      d_key_ = args_.d_key;
      return Status::Ok();
    }
    float *query = nullptr, *key = nullptr;
    UNIVAR_TRY(machine_.Allocate(rows_ * dim_, "query", &query));
    UNIVAR_TRY(machine_.Allocate(rows_ * dim_, "key", &key));
    UNIVAR_TRY(machine_.Allocate(rows_ * dim_, "dQuery", &d_query_));
    UNIVAR_TRY(machine_.Allocate(rows_ * dim_, "dKey", &d_key_));
    UNIVAR_TRY(machine_.Copy(args_.query, rows_ * dim_, query));
    UNIVAR_TRY(machine_.Copy(args_.key, rows_ * dim_, key));
    query_ = query;
    key_ = key;
    return machine_.Wait();
  }

  Status Allocate() {
    UNIVAR_TRY(machine_.Allocate(tile_rows_ * tile_stride_, "a tile of dot products", &dots_));
    if (bf16_) {
      UNIVAR_TRY(machine_.Allocate(rows_ * stride_, "query in bf16", &query16_));
      UNIVAR_TRY(machine_.Allocate(rows_ * stride_, "key in bf16", &key16_));
      UNIVAR_TRY(machine_.Allocate(tile_rows_ * tile_stride_, "a tile of coefficients", &tile16_));
    }
    UNIVAR_TRY(machine_.Allocate(rows_, "dot products of the pairs", &positive_));
    UNIVAR_TRY(machine_.Allocate(rows_, "sums of rows", &negatives_));
    UNIVAR_TRY(machine_.Allocate(rows_, "terms of rows", &terms_));
    UNIVAR_TRY(machine_.Allocate(rows_ + 1, "losses", &losses_));  // and their sum
    UNIVAR_TRY(machine_.Allocate(rows_, "coefficients of positives", &coefficients_));
    UNIVAR_TRY(machine_.Allocate(1, "the first bad row", &first_bad_));
    UNIVAR_TRY(machine_.Allocate(kSizes, "the largest values", &largest_));
    if (mode_.symmetric) {
      UNIVAR_TRY(machine_.Allocate(rows_, "sums of columns", &column_negatives_));
      UNIVAR_TRY(machine_.Allocate(ColumnSums::Pieces(tile_rows_) * tile_columns_, "sums of columns", &column_parts_));
      UNIVAR_TRY(machine_.Allocate(rows_, "terms of columns", &column_terms_));
    }
    if (mode_.averages_positives) {
      UNIVAR_TRY(machine_.Allocate(rows_, "sums of positives", &positives_));
      UNIVAR_TRY(machine_.Allocate(rows_, "sums of positives", &positive_total_));
    }
    return Status::Ok();
  }

  template <typename T>
  Status Copy(const std::vector<T>& from, const char* what, T** to) {
    UNIVAR_TRY(machine_.Allocate(from.size(), what, to));
    return machine_.Copy(from.data(), from.size(), *to);
  }

  Status Prepare() {
    UNIVAR_TRY(machine_.Fill(d_query_, 0, rows_ * dim_));
    UNIVAR_TRY(machine_.Fill(d_key_, 0, rows_ * dim_));
    if (mode_.averages_positives) {
      const RowGroups groups(args_.labels, rows_);
      group_total_ = groups.count();
      UNIVAR_TRY(Copy(groups.of_row(), "groups", &groups_));
      UNIVAR_TRY(Copy(groups.offsets(), "groups", &offsets_));
      UNIVAR_TRY(Copy(groups.members(), "groups", &members_));
      UNIVAR_TRY(machine_.Wait());  // before the vectors are destroyed
    } else if (mode_.uses_labels) {
      // The labels serve as group numbers, because only their equality matters.
      UNIVAR_TRY(machine_.Allocate(rows_, "groups", &groups_));
      UNIVAR_TRY(machine_.Copy(args_.labels, rows_, groups_));
    }
    UNIVAR_TRY(machine_.Fill(largest_, 0, kSizes));
    if (bf16_) UNIVAR_TRY(RoundSides());
    for (SoftSum* sums : {negatives_, column_negatives_, positives_})
      if (sums != nullptr) UNIVAR_TRY(machine_.Launch(ClearSums{sums, rows_}, CeilDivide(rows_, ClearSums::kThreads)));
    if (mode_.averages_positives) UNIVAR_TRY(machine_.Fill(positive_total_, 0, rows_));
    UNIVAR_TRY(ResetFirstBad());
    UNIVAR_TRY(machine_.Launch(PairDots{Query(), Key(), positive_, first_bad_}, rows_));
    size_t bad = rows_;
    UNIVAR_TRY(ReadFirstBad(&bad));
    if (bad == rows_) return Status::Ok();
    std::vector<float> row(dim_);
    UNIVAR_TRY(machine_.Copy(query_ + bad * dim_, dim_, row.data()));
    UNIVAR_TRY(machine_.Wait());
    const bool query = !std::all_of(row.begin(), row.end(), [](float v) { return std::isfinite(v); });
    return NonFinite(query ? "query" : "key", bad);
  }

  // Scales the largest entry to [2^14, 2^15), because the largest f16 is 65504.
  Status RoundSides() {
    UNIVAR_TRY(machine_.Launch(LargestEntry{query_, dim_, &largest_[kQueryEntry]}, rows_));
    UNIVAR_TRY(machine_.Launch(LargestEntry{key_, dim_, &largest_[kKeyEntry]}, rows_));
    int bits[kSizes];
    UNIVAR_TRY(machine_.Copy(largest_, kSizes, bits));
    UNIVAR_TRY(machine_.Wait());
    query_power_ = PowerFor(FloatOf(static_cast<uint32_t>(bits[kQueryEntry])), 14);
    key_power_ = PowerFor(FloatOf(static_cast<uint32_t>(bits[kKeyEntry])), 14);
    UNIVAR_TRY(machine_.Launch(RoundRows{query_, query16_, dim_, stride_, std::ldexp(1.0f, query_power_)}, rows_));
    return machine_.Launch(RoundRows{key_, key16_, dim_, stride_, std::ldexp(1.0f, key_power_)}, rows_);
  }

  template <class Step>
  Status ForEachTile(const Step& step) {
    size_t queued = 0;
    for (size_t row = 0; row < rows_; row += tile_rows_) {
      for (size_t column = 0; column < rows_; column += tile_columns_) {
        if (control_.cancelled()) return Status::Aborted();
        const Tile tile{
            row,     Min(tile_rows_, rows_ - row), column, Min(tile_columns_, rows_ - column), tile_stride_, groups_,
            offsets_};
        UNIVAR_TRY(Dots(tile));
        UNIVAR_TRY(step(tile));
        if (++queued % kQueuedTiles == 0) UNIVAR_TRY(machine_.Wait());
      }
    }
    return machine_.Wait();
  }

  Status Dots(const Tile& tile) {
    const size_t stride = bf16_ ? stride_ : dim_;
    const GemmShape shape{tile.rows, tile.columns, dim_, stride, stride, tile_stride_, false};
    return Product<false, true>(QueryRows(tile), KeyRows(tile), query_power_ + key_power_, dots_, shape);
  }

  // C (+)= op(A) op(B) / 2^power.
  template <bool kTransposeA, bool kTransposeB>
  Status Product(const Rows& a, const Rows& b, int power, float* c, const GemmShape& shape) {
    if (bf16_) {
      return MultiplyHalves<kTransposeA, kTransposeB, Half::kF16>(machine_, a.f16, b.f16, c, shape,
                                                                  {.scale = std::ldexp(1.0f, -power)});
    }
    const GemmF32<kTransposeA, kTransposeB> gemm{a.f32, b.f32, c, shape};
    return machine_.Launch(gemm, gemm.blocks());
  }

  Status Sum(const Tile& tile) {
    UNIVAR_TRY(machine_.Launch(RowSums{dots_, tile, scale_, negatives_, positives_, positive_total_}, tile.rows));
    if (!mode_.symmetric) return Status::Ok();
    const ColumnSums sums{dots_, tile, scale_, column_parts_};
    UNIVAR_TRY(machine_.Launch(sums, sums.blocks()));
    const MergeColumns merge{column_parts_, ColumnSums::Pieces(tile.rows), tile, scale_, column_negatives_};
    return machine_.Launch(merge, CeilDivide(tile.columns, MergeColumns::kThreads));
  }

  Status Finish(double* loss) {
    const FinishRows finish{rows_,
                            args_.logit_scale,
                            weight_,
                            positive_,
                            negatives_,
                            column_negatives_,
                            positives_,
                            positive_total_,
                            groups_,
                            offsets_,
                            terms_,
                            column_terms_,
                            losses_,
                            coefficients_,
                            &largest_[kCoefficient]};
    UNIVAR_TRY(machine_.Launch(finish, CeilDivide(rows_, FinishRows::kThreads)));
    UNIVAR_TRY(machine_.Launch(SumOfArray{losses_, rows_, losses_ + rows_}, 1));
    double total = 0.0;
    int largest = 0;
    UNIVAR_TRY(machine_.Copy(losses_ + rows_, 1, &total));
    UNIVAR_TRY(machine_.Copy(&largest_[kCoefficient], 1, &largest));
    UNIVAR_TRY(machine_.Wait());
    if (!std::isfinite(total)) return NameNonFiniteLoss();
    *loss = total / static_cast<double>(rows_);
    // One less than for the sides, because the coefficients of a row and a column can add up.
    if (bf16_) coefficient_power_ = PowerFor(FloatOf(static_cast<uint32_t>(largest)), 13);
    return Status::Ok();
  }

  Status NameNonFiniteLoss() {
    std::vector<double> losses(rows_);
    UNIVAR_TRY(machine_.Copy(losses_, rows_, losses.data()));
    UNIVAR_TRY(machine_.Wait());
    const auto bad = std::find_if(losses.begin(), losses.end(), [](double loss) { return !std::isfinite(loss); });
    return NonFinite("the logits of query", static_cast<size_t>(bad - losses.begin()));
  }

  Status AddNegatives(const Tile& tile) {
    const Coefficients fill{dots_, tile16_, std::ldexp(1.0f, coefficient_power_), tile, scale_, terms_, column_terms_};
    UNIVAR_TRY(machine_.Launch(fill, fill.blocks()));
    float* d_query = d_query_ + tile.row * dim_;
    float* d_key = d_key_ + tile.column * dim_;
    const size_t stride = bf16_ ? stride_ : dim_;
    const GemmShape to_query{tile.rows, dim_, tile.columns, tile_stride_, stride, dim_, true};
    const GemmShape to_key{tile.columns, dim_, tile.rows, tile_stride_, stride, dim_, true};
    const Rows coefficients{dots_, tile16_};
    UNIVAR_TRY(
        (Product<false, false>(coefficients, KeyRows(tile), coefficient_power_ + key_power_, d_query, to_query)));
    UNIVAR_TRY((Product<true, false>(coefficients, QueryRows(tile), coefficient_power_ + query_power_, d_key, to_key)));
    control_.report(static_cast<int64_t>(tile.row + (tile.column + tile.columns == rows_ ? tile.rows : 0)));
    return Status::Ok();
  }

  Status AddPositives() {
    if (control_.cancelled()) return Status::Aborted();
    UNIVAR_TRY(ResetFirstBad());
    const cuda::AddPositives add{Query(), Key(), offsets_, members_, coefficients_, d_query_, d_key_, first_bad_};
    UNIVAR_TRY(machine_.Launch(add, mode_.averages_positives ? group_total_ : rows_));
    size_t bad = rows_;
    UNIVAR_TRY(ReadFirstBad(&bad));
    return bad == rows_ ? Status::Ok() : NonFinite("the gradient of", bad);
  }

  Status ReturnGradients() {
    if (args_.backend_memory) return Status::Ok();
    UNIVAR_TRY(machine_.Copy(d_query_, rows_ * dim_, args_.d_query));
    UNIVAR_TRY(machine_.Copy(d_key_, rows_ * dim_, args_.d_key));
    return machine_.Wait();
  }

  Status ResetFirstBad() {
    none_bad_ = static_cast<int>(rows_);
    return machine_.Copy(&none_bad_, 1, first_bad_);
  }
  Status ReadFirstBad(size_t* bad) {
    int row = 0;
    UNIVAR_TRY(machine_.Copy(first_bad_, 1, &row));
    UNIVAR_TRY(machine_.Wait());
    *bad = static_cast<size_t>(row);
    return Status::Ok();
  }

  Status NonFinite(const char* what, size_t row) const {
    return Status::Error(Code::kNonFinite, std::string("infoNce: ") + what + " row " + std::to_string(row) +
                                               " is NaN or infinite" + (bf16_ ? " (in bf16)" : ""));
  }

  Rows QueryRows(const Tile& tile) const { return RowsFrom(query_, query16_, tile.row); }
  Rows KeyRows(const Tile& tile) const { return RowsFrom(key_, key16_, tile.column); }
  Rows RowsFrom(const float* rows, const F16* rounded, size_t first) const {
    return {rows + first * dim_, rounded == nullptr ? nullptr : rounded + first * stride_};
  }
  InputRows Query() const { return {query_, query16_, dim_, stride_, std::ldexp(1.0, -query_power_)}; }
  InputRows Key() const { return {key_, key16_, dim_, stride_, std::ldexp(1.0, -key_power_)}; }

  Machine& machine_;
  const InfoNceArgs& args_;
  const Control& control_;
  const size_t rows_, dim_;
  const size_t stride_;  // of rows rounded to bf16
  const bool bf16_;
  const InfoNceTraits mode_;
  const float scale_;
  const double weight_;                                  // dL / d(logit) of a probability
  const size_t tile_rows_, tile_columns_, tile_stride_;  // block_rows of the arguments applies to both sides
  int none_bad_ = 0;
  int query_power_ = 0, key_power_ = 0, coefficient_power_ = 0;  // exponents of the powers of two for f16
  size_t group_total_ = 0;

  // In the machine's memory; null if the mode does not need it.
  const float *query_ = nullptr, *key_ = nullptr;
  float *d_query_ = nullptr, *d_key_ = nullptr, *dots_ = nullptr;
  F16 *query16_ = nullptr, *key16_ = nullptr, *tile16_ = nullptr;
  double *positive_ = nullptr, *losses_ = nullptr, *coefficients_ = nullptr, *positive_total_ = nullptr;
  SoftSum *negatives_ = nullptr, *column_negatives_ = nullptr, *column_parts_ = nullptr, *positives_ = nullptr;
  RowTerms *terms_ = nullptr, *column_terms_ = nullptr;
  int32_t *groups_ = nullptr, *offsets_ = nullptr, *members_ = nullptr;
  int *first_bad_ = nullptr, *largest_ = nullptr;
};

template <class Machine>
Status InfoNce(const InfoNceArgs& args, double* loss, const Control& control) {
  Machine machine;
  UNIVAR_TRY(machine.Open());
  return InfoNceDriver<Machine>(&machine, args, control).Run(loss);
}

}  // namespace univar::cuda
