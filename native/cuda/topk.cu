// Exact top-k on the device, see topk_driver.h.
#include <memory>

#include "cuda/cuda_machine.cuh"
#include "cuda/kernels.h"
#include "cuda/topk_driver.h"

namespace univar {
namespace {

// Holds the rows on the device, so that searches send queries only.
class CudaTopkBase final : public TopkBase {
 public:
  TopkStorage storage() const override { return rows.codes == nullptr ? TopkStorage::kF32 : TopkStorage::kBf16; }
  size_t bytes() const override { return rows.bytes(); }

  cuda::CudaMachine machine;
  cuda::PreparedRows rows;
  TopkMetric metric = TopkMetric::kIp;
};

}  // namespace

TopkStorage topk_storage_cuda(size_t, size_t queries) {
  // The rows have to be read to be converted; one query reads them once.
  return queries > 1 ? TopkStorage::kBf16 : TopkStorage::kF32;
}

Status topk_prepare_cuda(ConstMatrix base, TopkMetric metric, TopkStorage storage, std::unique_ptr<TopkBase>* prepared,
                         const Control& control) {
  if (control.cancelled()) return Status::Aborted();
  auto made = std::make_unique<CudaTopkBase>();
  made->metric = metric;
  UNIVAR_TRY(made->machine.Open());
  cuda::RowPreparation<cuda::CudaMachine> preparation;
  // f16 and int8 are of use on CPUs; here bf16 takes their place. The result is the same.
  const bool bf16 = storage != TopkStorage::kF32;
  UNIVAR_TRY(preparation.Allocate(&made->machine, base.rows, base.cols, bf16, "the base of top-k", &made->rows));
  UNIVAR_TRY(preparation.Measure(&made->machine, base.data, base.rows, made->rows, "base"));
  *prepared = std::move(made);
  return Status::Ok();
}

Status topk_search_cuda(const TopkArgs& args, const Control& control) {
  const auto& base = *static_cast<const CudaTopkBase*>(args.prepared);
  cuda::CudaMachine machine;
  UNIVAR_TRY(machine.Open());
  const cuda::TopkRequest request{base.metric, args.queries, args.k, args.indices, args.scores};
  return cuda::TopkDriver<cuda::CudaMachine>(&machine, base.rows, request, control).Run();
}

}  // namespace univar
