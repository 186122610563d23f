// The steps of the loss other than its products, as bodies (block.h). Rows and keys are numbered within the batch. A
// tile contains the dot products of query rows [row, row + rows) with keys [column, column + columns).
#pragma once

#include "cuda/infonce/rows.h"
#include "cuda/infonce/softmax.h"

namespace univar::cuda {

inline constexpr int kRowThreads = 256;

// Returns the number of positives of row i.
UNIVAR_HD int PositivesOf(size_t i, const int32_t* groups, const int32_t* offsets) {
  return offsets != nullptr ? offsets[groups[i] + 1] - offsets[groups[i]] : 1;
}

// A tile and the entries that are not negatives: the pairs themselves and, if there are groups, rows of the same group.
struct Tile {
  size_t row, rows, column, columns, stride;
  const int32_t* groups;   // or null
  const int32_t* offsets;  // group g has offsets[g + 1] - offsets[g] rows, all positives of each other; or null
  UNIVAR_HD bool Negative(size_t i, size_t j) const { return groups != nullptr ? groups[i] != groups[j] : i != j; }
  // Whether row i has positives other than its own key.
  UNIVAR_HD bool Several(size_t i) const { return PositivesOf(i, groups, offsets) > 1; }
};

// One thread per sum.
struct ClearSums {
  static constexpr int kThreads = 256;
  SoftSum* sums;
  size_t count;
  static size_t shared_bytes() { return 0; }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    block.Each([&](int t) {
      const size_t i = block.index() * kThreads + t;
      if (i < count) sums[i] = EmptySoftSum();
    });
  }
};

// Computes sums over the rows of a tile and merges them with those of earlier tiles. One block per row.
struct RowSums {
  static constexpr int kThreads = kRowThreads;
  const float* dots;
  Tile tile;
  float scale;
  SoftSum* negatives;
  SoftSum* positives;  // together with positive_total, for modes that average positives
  double* positive_total;
  static size_t shared_bytes() { return 2 * SharedBytes<float>(kThreads) + 3 * SharedBytes<double>(kThreads); }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    const size_t r = block.index(), i = tile.row + r;
    const float* row = dots + r * tile.stride;
    const bool several = tile.Several(i);
    float* max = block.template Shared<float>(kThreads);
    float* positive_max = block.template Shared<float>(kThreads);
    double* sum = block.template Shared<double>(kThreads);
    double* positive_sum = block.template Shared<double>(kThreads);
    double* total = block.template Shared<double>(kThreads);

    block.Each([&](int t) {
      float best = MinusInfinity(), best_positive = MinusInfinity();
      for (size_t j = t; j < tile.columns; j += kThreads) {
        float* at = tile.Negative(i, tile.column + j) ? &best : &best_positive;
        *at = row[j] > *at ? row[j] : *at;
      }
      max[t] = best;
      positive_max[t] = best_positive;
    });
    const auto larger = [](float* to, float from) { *to = from > *to ? from : *to; };
    JoinByHalves(block, max, kThreads, larger);
    JoinByHalves(block, positive_max, kThreads, larger);
    block.Each([&](int t) {
      double mine = 0.0, mine_positive = 0.0, mine_total = 0.0;
      for (size_t j = t; j < tile.columns; j += kThreads) {
        if (tile.Negative(i, tile.column + j)) {
          mine += Term(row[j], max[0], scale);
        } else if (several) {
          mine_positive += Term(row[j], positive_max[0], scale);
          mine_total += row[j];
        }
      }
      sum[t] = mine;
      positive_sum[t] = mine_positive;
      total[t] = mine_total;
    });
    SumByHalves(block, sum, kThreads);
    if (several) {
      SumByHalves(block, positive_sum, kThreads);
      SumByHalves(block, total, kThreads);
    }
    block.Each([&](int t) {
      if (t != 0) return;
      Merge(&negatives[i], SoftSum{max[0], sum[0]}, scale);
      if (!several) return;
      Merge(&positives[i], SoftSum{positive_max[0], positive_sum[0]}, scale);
      positive_total[i] += total[0];
    });
  }
};

// The same over the columns, for symmetric modes, in pieces of kHeight rows. One block per piece and strip of kColumns
// columns.
struct ColumnSums {
  static constexpr int kColumns = 32, kLanes = 8;  // a warp reads a row
  static constexpr int kThreads = kColumns * kLanes;
  static constexpr size_t kHeight = 512;
  const float* dots;
  Tile tile;
  float scale;
  SoftSum* parts;  // [pieces, tile.columns]
  static size_t shared_bytes() { return SharedBytes<SoftSum>(kThreads); }
  static size_t Pieces(size_t rows) { return CeilDivide(rows, kHeight); }
  size_t blocks() const { return Pieces(tile.rows) * CeilDivide(tile.columns, kColumns); }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    SoftSum* lanes = block.template Shared<SoftSum>(kThreads);
    const size_t strips = CeilDivide(tile.columns, kColumns), piece = block.index() / strips;
    const size_t first = block.index() % strips * kColumns, begin = piece * kHeight,
                 end = Min(begin + kHeight, tile.rows);
    block.Each([&](int t) {
      const size_t c = first + t % kColumns, j = tile.column + c;
      SoftSum part = EmptySoftSum();
      if (c < tile.columns) {
        for (size_t r = begin + t / kColumns; r < end; r += kLanes) {
          const float x = dots[r * tile.stride + c];
          if (tile.Negative(tile.row + r, j) && x > part.max) part.max = x;
        }
        for (size_t r = begin + t / kColumns; r < end; r += kLanes)
          if (tile.Negative(tile.row + r, j)) part.sum += Term(dots[r * tile.stride + c], part.max, scale);
      }
      lanes[t] = part;
    });
    block.Each([&](int t) {
      if (t >= kColumns || first + t >= tile.columns) return;
      for (int lane = 1; lane < kLanes; ++lane) Merge(&lanes[t], lanes[lane * kColumns + t], scale);
      parts[piece * tile.columns + first + t] = lanes[t];
    });
  }
};

// Merges the pieces with the sums of earlier tiles. One thread per column.
struct MergeColumns {
  static constexpr int kThreads = 64;
  const SoftSum* parts;
  size_t pieces;
  Tile tile;
  float scale;
  SoftSum* negatives;
  static size_t shared_bytes() { return 0; }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    block.Each([&](int t) {
      const size_t c = block.index() * kThreads + t;
      if (c >= tile.columns) return;
      for (size_t piece = 0; piece < pieces; ++piece)
        Merge(&negatives[tile.column + c], parts[piece * tile.columns + c], scale);
    });
  }
};

// Computes the losses and the terms of the coefficients from the sums. One thread per row.
struct FinishRows {
  static constexpr int kThreads = kRowThreads;
  size_t rows;
  double scale, weight;
  const double* positive;
  const SoftSum* negatives;
  const SoftSum* column_negatives;  // symmetric modes only
  const SoftSum* positives;         // for modes that average positives
  const double* positive_total;
  const int32_t* groups;
  const int32_t* offsets;
  RowTerms* terms;
  RowTerms* column_terms;
  double* losses;
  double* coefficients;
  int* largest;  // largest coefficient of a row or column, as the bits of a float
  static size_t shared_bytes() { return 0; }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    const auto note = [&](const RowResult& result) {
      block.AtomicMax(largest, static_cast<int>(BitsOf(static_cast<float>(result.largest))));
    };
    block.Each([&](int t) {
      const size_t i = block.index() * kThreads + t;
      if (i >= rows) return;
      const int count = PositivesOf(i, groups, offsets);
      const RowResult row = count > 1
                                ? FinishSeveral(negatives[i], positives[i], positive_total[i], count, scale, weight)
                                : FinishSingle(negatives[i], positive[i], scale, weight);
      terms[i] = row.terms;
      losses[i] = row.loss;
      coefficients[i] = row.coefficient;
      note(row);
      if (column_negatives == nullptr) return;
      const RowResult column = FinishSingle(column_negatives[i], positive[i], scale, weight);
      column_terms[i] = column.terms;
      losses[i] = (row.loss + column.loss) / 2;
      coefficients[i] += column.coefficient;
      note(column);
    });
  }
};

// Turns the dot products of a tile into gradient coefficients, either in place or, times `factor`, as f16 with zeros up
// to the end of each row. One block per row and kThreads * kEach columns.
struct Coefficients {
  static constexpr int kThreads = kRowThreads;
  static constexpr size_t kEach = 4;
  float* dots;
  F16* rounded;  // or null
  float factor;
  Tile tile;
  float scale;
  const RowTerms* terms;
  const RowTerms* column_terms;  // or null
  static size_t shared_bytes() { return 0; }
  size_t pieces() const { return CeilDivide(tile.stride, kThreads * kEach); }
  size_t blocks() const { return tile.rows * pieces(); }

  UNIVAR_HD float At(size_t i, size_t j, float dot) const {
    const RowTerms row = terms[i];
    if (!tile.Negative(i, j)) return tile.Several(i) ? row.weight * Term(dot, row.max, scale) - row.mean : 0.0f;
    float value = row.weight * Term(dot, row.max, scale);
    if (column_terms != nullptr) value += column_terms[j].weight * Term(dot, column_terms[j].max, scale);
    return value;
  }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    const size_t across = CeilDivide(tile.stride, kThreads * kEach);
    const size_t r = block.index() / across, from = block.index() % across * kThreads * kEach;
    block.Each([&](int t) {
      for (size_t n = 0; n < kEach; ++n) {
        const size_t c = from + n * kThreads + t, at = r * tile.stride + c;
        if (c >= tile.stride) return;
        const float value = c < tile.columns ? At(tile.row + r, tile.column + c, dots[at]) : 0.0f;
        if (rounded == nullptr) {
          dots[at] = value;
        } else {
          rounded[at] = ToF16(factor * value);
        }
      }
    });
  }
};

// Computes dX_i -= c_i sum_{p in Pos_i} y_p and dY_p -= sum_{i : p in Pos_i} c_i x_i in double precision. One block per
// group of rows; without groups, every row is its own group.
struct AddPositives {
  static constexpr int kThreads = kRowThreads;
  InputRows query, key;
  const int32_t* offsets;  // group g has members offsets[g] to offsets[g + 1] - 1; null: member g alone
  const int32_t* members;
  const double* coefficients;
  float* d_query;
  float* d_key;
  int* first_bad;
  static size_t shared_bytes() { return 0; }

  template <class B>
  UNIVAR_BODY void operator()(B& block) const {
    const size_t g = block.index(), dim = query.dim;
    const size_t begin = offsets != nullptr ? offsets[g] : g, end = offsets != nullptr ? offsets[g + 1] : g + 1;
    block.Each([&](int t) {
      for (size_t d = t; d < dim; d += kThreads) {
        double keys = 0.0, queries = 0.0;
        for (size_t n = begin; n < end; ++n) {
          const size_t i = offsets != nullptr ? members[n] : n;
          keys += key.At(i, d);
          queries += coefficients[i] * query.At(i, d);
        }
        for (size_t n = begin; n < end; ++n) {
          const size_t i = offsets != nullptr ? members[n] : n, at = i * dim + d;
          d_query[at] = static_cast<float>(d_query[at] - coefficients[i] * keys);
          d_key[at] = static_cast<float>(d_key[at] - queries);
          if (!IsFinite(d_query[at]) || !IsFinite(d_key[at])) block.AtomicMin(first_bad, static_cast<int>(i));
        }
      }
    });
  }
};

}  // namespace univar::cuda
