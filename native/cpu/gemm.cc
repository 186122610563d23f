#include "cpu/gemm.h"

#include "core/work_counters.h"

#include <oneapi/dnnl/dnnl.hpp>

#include <string>
#include <utility>

namespace univar {
namespace {

using dnnl::memory;

memory::data_type DataType(GemmType type) {
  switch (type) {
    case GemmType::kF32: return memory::data_type::f32;
    case GemmType::kBf16: return memory::data_type::bf16;
    case GemmType::kS8: return memory::data_type::s8;
    case GemmType::kS32: return memory::data_type::s32;
  }
  return memory::data_type::undef;
}

// A [rows, cols] operand that is stored as it is, or transposed, with `ld` elements between stored rows.
memory::desc Operand(size_t rows, size_t cols, bool transposed, size_t ld, GemmType type) {
  if (ld == 0) ld = transposed ? rows : cols;
  const memory::dims strides = transposed ? memory::dims{1, static_cast<memory::dim>(ld)}
                                          : memory::dims{static_cast<memory::dim>(ld), 1};
  return memory::desc({static_cast<memory::dim>(rows), static_cast<memory::dim>(cols)}, DataType(type), strides);
}

// oneDNN's engine and stream hold no data; one pair serves the whole process. Never destroyed: the engine thread may
// still be in a product when the process exits.
struct Device {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
};

Device& GetDevice() {
  static Device* device = new Device();
  return *device;
}

Status Failure(const dnnl::error& error) {
  const bool memory_short = error.status == dnnl_out_of_memory;
  return Status::Error(memory_short ? Code::kOutOfMemory : Code::kInternal, std::string("oneDNN: ") + error.what());
}

}  // namespace

struct Gemm::State {
  memory::desc a, b, c;
  dnnl::matmul product;
  memory::desc packed_layout;
  memory packed;  // empty until PackB
};

Gemm::Gemm() = default;
Gemm::~Gemm() = default;
Gemm::Gemm(Gemm&&) noexcept = default;
Gemm& Gemm::operator=(Gemm&&) noexcept = default;

Status Gemm::Create(const GemmSpec& spec, Gemm* gemm) {
  try {
    auto state = std::make_unique<State>();
    state->a = Operand(spec.m, spec.k, spec.transpose_a, spec.lda, spec.a);
    state->b = Operand(spec.k, spec.n, spec.transpose_b, spec.ldb, spec.b);
    state->c = Operand(spec.m, spec.n, false, spec.ldc, spec.c);
    dnnl::primitive_attr attributes;
    if (spec.accumulate) {
      dnnl::post_ops post;
      post.append_sum(1.0f);
      attributes.set_post_ops(post);
    }
    const memory::desc any(state->b.get_dims(), state->b.get_data_type(), memory::format_tag::any);
    const dnnl::matmul::primitive_desc description(GetDevice().engine, state->a, spec.packed_b ? any : state->b, state->c,
                                                   attributes);
    state->product = dnnl::matmul(description);
    state->packed_layout = description.weights_desc();
    gemm->state_ = std::move(state);
    return Status::Ok();
  } catch (const dnnl::error& error) {
    return Status::Error(Code::kInternal, std::string("oneDNN cannot make the product ") + std::to_string(spec.m) +
                                              "x" + std::to_string(spec.n) + "x" + std::to_string(spec.k) + ": " +
                                              error.what());
  }
}

Status Gemm::PackB(const void* b) {
  try {
    Device& device = GetDevice();
    memory plain(state_->b, device.engine, const_cast<void*>(b));
    state_->packed = memory(state_->packed_layout, device.engine);
    dnnl::reorder(plain, state_->packed).execute(device.stream, plain, state_->packed);
    device.stream.wait();
    return Status::Ok();
  } catch (const dnnl::error& error) {
    return Failure(error);
  }
}

Status Gemm::Run(const void* a, const void* b, void* c) const {
  try {
    Device& device = GetDevice();
    const memory left(state_->a, device.engine, const_cast<void*>(a));
    const memory right = state_->packed ? state_->packed : memory(state_->b, device.engine, const_cast<void*>(b));
    const memory result(state_->c, device.engine, c);
    state_->product.execute(device.stream,
                            {{DNNL_ARG_SRC, left}, {DNNL_ARG_WEIGHTS, right}, {DNNL_ARG_DST, result}});
    device.stream.wait();
    CountProduct(state_->c.get_dims()[0], state_->c.get_dims()[1], state_->a.get_dims()[1]);
    return Status::Ok();
  } catch (const dnnl::error& error) {
    return Failure(error);
  }
}

}  // namespace univar
