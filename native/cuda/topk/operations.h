// The exact top-k operations of a backend table, on a machine (machine.h).
#pragma once

#include <memory>

#include "cuda/topk/driver.h"

namespace univar::cuda {

// Keeps the rows on the machine, so that searches send only queries.
template <class Machine>
class RowsOnMachine final : public TopkBase {
 public:
  TopkStorage storage() const override { return rows.codes == nullptr ? TopkStorage::kF32 : TopkStorage::kBf16; }
  size_t bytes() const override { return rows.bytes(); }

  Machine machine;
  PreparedRows rows;
  MetricTraits metric = {};
};

inline TopkStorage TopkStorageFor(size_t, size_t queries) {
  // Converting the rows reads them once, as does a single query, so it pays off only for more queries.
  return queries > 1 ? TopkStorage::kBf16 : TopkStorage::kF32;
}

template <class Machine>
Status TopkPrepare(ConstMatrix base, Metric metric, TopkStorage storage, std::unique_ptr<TopkBase>* prepared,
                   const Control& control) {
  if (control.cancelled()) return Status::Aborted();
  auto made = std::make_unique<RowsOnMachine<Machine>>();
  made->metric = TraitsOf(metric);
  UNIVAR_TRY(made->machine.Open());
  RowPreparation<Machine> preparation;
  // f16 and int8 are useful on CPUs. Here bf16 replaces them; the result is the same.
  const bool bf16 = storage != TopkStorage::kF32;
  UNIVAR_TRY(preparation.Allocate(&made->machine, base.rows, base.cols, bf16, "the base of top-k", &made->rows));
  UNIVAR_TRY(preparation.Measure(&made->machine, base.data, base.rows, made->rows, "base"));
  *prepared = std::move(made);
  return Status::Ok();
}

template <class Machine>
Status TopkSearch(const TopkArgs& args, const Control& control) {
  const auto& base = *static_cast<const RowsOnMachine<Machine>*>(args.prepared);
  Machine machine;
  UNIVAR_TRY(machine.Open());
  const TopkRequest request{base.metric, args.queries, args.k, args.indices, args.scores};
  return TopkDriver<Machine>(&machine, base.rows, request, control).Run();
}

}  // namespace univar::cuda
