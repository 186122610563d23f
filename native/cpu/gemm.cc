#include "cpu/gemm.h"

#include "core/compiler.h"
#include "core/work_counters.h"

#include <omp.h>
#include <oneapi/dnnl/dnnl.hpp>

#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace univar {
namespace {

using dnnl::memory;

memory::data_type DataType(GemmType type) {
  switch (type) {
    case GemmType::kF32: return memory::data_type::f32;
    case GemmType::kBf16: return memory::data_type::bf16;
    case GemmType::kS8: return memory::data_type::s8;
    case GemmType::kU8: return memory::data_type::u8;
    case GemmType::kS32: return memory::data_type::s32;
  }
  UNIVAR_UNREACHABLE();
}

// Describes a [rows, cols] operand, stored directly or transposed, with `ld` elements between stored rows.
memory::desc Operand(size_t rows, size_t cols, bool transposed, size_t ld, GemmType type) {
  if (ld == 0) ld = transposed ? rows : cols;
  const memory::dims strides =
      transposed ? memory::dims{1, static_cast<memory::dim>(ld)} : memory::dims{static_cast<memory::dim>(ld), 1};
  return memory::desc({static_cast<memory::dim>(rows), static_cast<memory::dim>(cols)}, DataType(type), strides);
}

// oneDNN's engine and stream. They hold no data, so the process shares one pair. It is never destroyed, because the
// engine thread can still compute a product when the process exits.
struct Device {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
};

Device& GetDevice() {
  static Device* device = new Device();
  return *device;
}

memory::desc RowVector(size_t n) { return Operand(1, n, false, 0, GemmType::kF32); }

// Copies of attributes share one handle, so each product creates its own.
dnnl::primitive_attr Attributes(const GemmSpec& spec, const memory::desc& c) {
  dnnl::primitive_attr attributes;
  if (spec.external_scratchpad) attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  dnnl::post_ops post;
  if (spec.gelu) post.append_eltwise(dnnl::algorithm::eltwise_gelu_erf, 0.0f, 0.0f);
  if (spec.accumulate) post.append_sum(1.0f);
  if (spec.addend) {
    const memory::dims shape = c.get_dims();
    post.append_binary(dnnl::algorithm::binary_add,
                       memory::desc(shape, memory::data_type::f32, memory::dims{shape[1], 1}));
  }
  attributes.set_post_ops(post);
  return attributes;
}

int AddendArgument(const GemmSpec& spec) {
  return DNNL_ARG_ATTR_MULTIPLE_POST_OP((spec.gelu ? 1 : 0) + (spec.accumulate ? 1 : 0)) | DNNL_ARG_SRC_1;
}

Status Failure(const dnnl::error& error) {
  const bool memory_short = error.status == dnnl_out_of_memory;
  return Status::Error(memory_short ? Code::kOutOfMemory : Code::kInternal, std::string("oneDNN: ") + error.what());
}

}  // namespace

struct PackedB::State {
  memory::desc plain;
  memory packed;
  dnnl::reorder reorder;
};

PackedB::PackedB() = default;
PackedB::~PackedB() = default;
PackedB::PackedB(PackedB&&) noexcept = default;
PackedB& PackedB::operator=(PackedB&&) noexcept = default;

Status PackedB::Pack(const GemmSpec& spec, const void* b) {
  constexpr size_t kManyRows = 1024;  // the layout that suits many rows also suits few
  try {
    Device& device = GetDevice();
    const memory::desc plain = Operand(spec.k, spec.n, spec.transpose_b, spec.ldb, spec.b);
    if (!state_ || state_->plain != plain) {
      const memory::desc any(plain.get_dims(), plain.get_data_type(), memory::format_tag::any);
      const dnnl::matmul::primitive_desc description(device.engine, Operand(kManyRows, spec.k, false, 0, spec.a), any,
                                                     Operand(kManyRows, spec.n, false, 0, spec.c));
      auto state = std::make_unique<State>();
      state->plain = plain;
      state->packed = memory(description.weights_desc(), device.engine);
      state->reorder =
          dnnl::reorder(dnnl::reorder::primitive_desc(device.engine, plain, device.engine, description.weights_desc()));
      state_ = std::move(state);
    }
    memory source(plain, device.engine, const_cast<void*>(b));
    state_->reorder.execute(device.stream, source, state_->packed);
    device.stream.wait();
    return Status::Ok();
  } catch (const dnnl::error& error) {
    return Failure(error);
  }
}

struct Gemm::State {
  GemmSpec spec;
  memory::desc a, b, c, scratchpad;
  dnnl::matmul product;
};

Gemm::Gemm() = default;
Gemm::~Gemm() = default;
Gemm::Gemm(Gemm&&) noexcept = default;
Gemm& Gemm::operator=(Gemm&&) noexcept = default;

Status Gemm::Create(const GemmSpec& spec, Gemm* gemm, const PackedB* packed) {
  try {
    auto state = std::make_unique<State>();
    state->spec = spec;
    state->a = Operand(spec.m, spec.k, spec.transpose_a, spec.lda, spec.a);
    state->b = packed != nullptr ? packed->state_->packed.get_desc()
                                 : Operand(spec.k, spec.n, spec.transpose_b, spec.ldb, spec.b);
    state->c = Operand(spec.m, spec.n, false, spec.ldc, spec.c);
    const dnnl::engine& engine = GetDevice().engine;
    const dnnl::primitive_attr attributes = Attributes(spec, state->c);
    const auto description =
        spec.bias ? dnnl::matmul::primitive_desc(engine, state->a, state->b, RowVector(spec.n), state->c, attributes)
                  : dnnl::matmul::primitive_desc(engine, state->a, state->b, state->c, attributes);
    state->product = dnnl::matmul(description);
    state->scratchpad = description.scratchpad_desc();
    gemm->state_ = std::move(state);
    return Status::Ok();
  } catch (const dnnl::error& error) {
    return Status::Error(Code::kInternal, std::string("oneDNN cannot create the product ") + std::to_string(spec.m) +
                                              "x" + std::to_string(spec.n) + "x" + std::to_string(spec.k) + ": " +
                                              error.what());
  }
}

size_t Gemm::scratchpad_bytes() const { return state_->scratchpad.get_size(); }

Status Gemm::Run(const GemmOperands& operands, const PackedB* packed) const {
  try {
    Device& device = GetDevice();
    const auto view = [&](const memory::desc& description, const void* data) {
      return memory(description, device.engine, const_cast<void*>(data));
    };
    std::unordered_map<int, memory> arguments = {
        {DNNL_ARG_SRC, view(state_->a, operands.a)},
        {DNNL_ARG_WEIGHTS, packed != nullptr ? packed->state_->packed : view(state_->b, operands.b)},
        {DNNL_ARG_DST, view(state_->c, operands.c)}};
    if (scratchpad_bytes() > 0) {
      arguments.emplace(DNNL_ARG_SCRATCHPAD, view(state_->scratchpad, operands.scratchpad));
    }
    if (state_->spec.bias) arguments.emplace(DNNL_ARG_BIAS, view(RowVector(state_->spec.n), operands.bias));
    if (state_->spec.addend) {
      const memory::dims shape = state_->c.get_dims();
      const memory::desc dense(shape, memory::data_type::f32, memory::dims{shape[1], 1});
      arguments.emplace(AddendArgument(state_->spec), view(dense, operands.addend));
    }
    state_->product.execute(device.stream, arguments);
    device.stream.wait();
    CountProduct(state_->spec.m, state_->spec.n, state_->spec.k);
    return Status::Ok();
  } catch (const dnnl::error& error) {
    return Failure(error);
  }
}

Status CachedGemm(const GemmSpec& spec, const PackedB* packed, std::shared_ptr<const Gemm>* gemm) {
  // oneDNN plans a product, and its working memory, for the number of threads at its creation.
  using Key = std::tuple<GemmSpec, bool, int>;
  static std::mutex* mutex = new std::mutex();
  static auto* products = new std::map<Key, std::shared_ptr<const Gemm>>();
  const std::lock_guard<std::mutex> lock(*mutex);
  std::shared_ptr<const Gemm>& entry = (*products)[{spec, packed != nullptr, omp_get_max_threads()}];
  if (!entry) {
    Gemm made;
    if (Status s = Gemm::Create(spec, &made, packed); !s.ok()) return s;
    entry = std::make_shared<const Gemm>(std::move(made));
  }
  *gemm = entry;
  return Status::Ok();
}

}  // namespace univar
