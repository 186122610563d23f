#include "cuda/machine/cublas_lt.h"

#include <dlfcn.h>

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

#include "core/try.h"

namespace univar::cuda {
namespace {

// The required declarations of cublasLt.h, which is not available at compile time. The numbers are part of the
// library's ABI.
enum : int { kSuccess = 0, kNoAlgorithm = 15, kCompute32F = 68, kFloat = 0, kHalf = 2, kBfloat = 14 };
enum : int { kTransposeA = 3, kTransposeB = 4, kEpilogue = 7, kBiasPointer = 8 };  // of an operation
enum : int {
  kMaxWorkspaceBytes = 1,
  kAlignmentA = 5,
  kAlignmentB = 6,
  kAlignmentC = 7,
  kAlignmentD = 8
};  // of a preference
enum : int32_t { kPlain = 0, kTransposed = 1 };
enum : uint32_t { kAddBias = 4 };

struct Algorithm {
  uint64_t data[8];
};
struct Heuristic {
  Algorithm algorithm;
  size_t workspace;
  int status;
  float waves;
  int reserved[4];
};

struct Library {
  CublasLtInfo info;
  void* handle = nullptr;
  int (*create)(void**);
  size_t (*version)();
  int (*create_operation)(void**, int compute, int scale);
  int (*destroy_operation)(void*);
  int (*set_operation)(void*, int attribute, const void* value, size_t bytes);
  int (*create_layout)(void**, int type, uint64_t rows, uint64_t columns, int64_t stride);
  int (*destroy_layout)(void*);
  int (*create_preference)(void**);
  int (*destroy_preference)(void*);
  int (*set_preference)(void*, int attribute, const void* value, size_t bytes);
  int (*heuristic)(void* handle, void* operation, void* a, void* b, void* c, void* d, void* preference, int wanted,
                   Heuristic*, int* found);
  int (*multiply)(void* handle, void* operation, const void* alpha, const void* a, void* a_layout, const void* b,
                  void* b_layout, const void* beta, const void* c, void* c_layout, void* d, void* d_layout,
                  const Algorithm*, void* workspace, size_t bytes, void* stream);
};

Library Open() {
  Library library;
  void* file = nullptr;
  for (const char* name : {"libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so"}) {
    if (file = dlopen(name, RTLD_NOW | RTLD_LOCAL); file != nullptr) break;
  }
  if (file == nullptr) {
    library.info.reason =
        "libcublasLt.so.13, .12 and libcublasLt.so were not found: bf16 products are slower without the library";
    return library;
  }
  const char* missing = nullptr;
  const auto find = [&](const char* name, auto* function) {
    void* symbol = dlsym(file, name);
    if (symbol == nullptr) missing = name;
    *function = reinterpret_cast<std::remove_pointer_t<decltype(function)>>(symbol);
  };
  find("cublasLtCreate", &library.create);
  find("cublasLtGetVersion", &library.version);
  find("cublasLtMatmulDescCreate", &library.create_operation);
  find("cublasLtMatmulDescDestroy", &library.destroy_operation);
  find("cublasLtMatmulDescSetAttribute", &library.set_operation);
  find("cublasLtMatrixLayoutCreate", &library.create_layout);
  find("cublasLtMatrixLayoutDestroy", &library.destroy_layout);
  find("cublasLtMatmulPreferenceCreate", &library.create_preference);
  find("cublasLtMatmulPreferenceDestroy", &library.destroy_preference);
  find("cublasLtMatmulPreferenceSetAttribute", &library.set_preference);
  find("cublasLtMatmulAlgoGetHeuristic", &library.heuristic);
  find("cublasLtMatmul", &library.multiply);
  if (missing != nullptr) {
    library.info.reason = std::string("libcublasLt lacks ") + missing;
  } else if (const int status = library.create(&library.handle); status != kSuccess) {
    library.info.reason = "cublasLtCreate failed with status " + std::to_string(status);
  } else {
    library.info.available = true;
    library.info.version = library.version();
  }
  return library;
}

// Stays open until the process exits. Any thread can use its handle.
const Library& CublasLt() {
  static const Library library = Open();
  return library;
}

Status Failed(const char* call, int status) {
  return Status::Error(Code::kCuda, std::string("cuBLASLt: status ") + std::to_string(status) + " from " + call);
}
#define UNIVAR_LT(call) \
  if (const int status_of_call = (call); status_of_call != kSuccess) return Failed(#call, status_of_call)

// Returns the largest power of two up to 256 that divides the address. The library assumes 256 by default.
uint32_t AlignmentOf(const void* address) {
  const auto number = reinterpret_cast<uintptr_t>(address) | 256;
  return static_cast<uint32_t>(number & ~(number - 1));
}

// A cache of the library's choices of algorithms. A choice takes longer than a small product on the device, and it is
// the same for the same question.
class Choices {
 public:
  using Question = std::array<uint64_t, 15>;

  bool Find(const Question& question, Heuristic* choice) {
    const std::lock_guard lock(mutex_);
    const auto at = known_.find(question);
    if (at != known_.end()) *choice = at->second;
    return at != known_.end();
  }
  void Add(const Question& question, const Heuristic& choice) {
    const std::lock_guard lock(mutex_);
    // Limits the cache, because ragged batches keep adding new numbers of rows.
    if (known_.size() == kMost) known_.clear();
    known_.emplace(question, choice);
  }

 private:
  static constexpr size_t kMost = 4096;
  std::mutex mutex_;
  std::map<Question, Heuristic> known_;
};

Choices& TheChoices() {
  static Choices choices;
  return choices;
}

// A descriptor that is destroyed at the end of its scope.
using Descriptor = std::unique_ptr<void, int (*)(void*)>;

// The library is column-major and sees the transpose of a row-major matrix: C^T [n, m] = op(B)^T op(A)^T. Our B is
// therefore its first operand and our A its second, and the same operands are transposed.
class Plan {
 public:
  Plan(const Library& library, const LtProduct& product) : library_(library), product_(product) {}

  Status Run(const LtWorkspace& workspace, void* stream, bool* done) {
    const LtProduct& p = product_;
    UNIVAR_TRY(MakeOperation());
    const int type = p.rounded ? kBfloat : kFloat, operands = p.f16 ? kHalf : kBfloat;
    UNIVAR_TRY(MakeLayout(operands, p.transpose_b ? p.k : p.n, p.transpose_b ? p.n : p.k, p.ldb, &b_));
    UNIVAR_TRY(MakeLayout(operands, p.transpose_a ? p.m : p.k, p.transpose_a ? p.k : p.m, p.lda, &a_));
    UNIVAR_TRY(MakeLayout(type, p.n, p.m, p.ldc, &c_));
    Heuristic best{};
    UNIVAR_TRY(Choose(workspace, &best));
    *done = best.status == kSuccess;
    if (!*done) return Status::Ok();
    const float beta = p.addend == nullptr ? 0.0f : 1.0f;
    UNIVAR_LT(library_.multiply(library_.handle, operation_.get(), &p.scale, p.b, b_.get(), p.a, a_.get(), &beta,
                                Addend(), c_.get(), p.c, c_.get(), &best.algorithm, workspace.memory, workspace.bytes,
                                stream));
    return Status::Ok();
  }

 private:
  Status MakeOperation() {
    void* made = nullptr;
    UNIVAR_LT(library_.create_operation(&made, kCompute32F, kFloat));
    operation_ = Descriptor(made, library_.destroy_operation);
    const int32_t first = product_.transpose_b ? kTransposed : kPlain,
                  second = product_.transpose_a ? kTransposed : kPlain;
    UNIVAR_LT(library_.set_operation(made, kTransposeA, &first, sizeof first));
    UNIVAR_LT(library_.set_operation(made, kTransposeB, &second, sizeof second));
    if (product_.bias == nullptr) return Status::Ok();
    const uint32_t epilogue = kAddBias;  // along the rows of C^T
    UNIVAR_LT(library_.set_operation(made, kEpilogue, &epilogue, sizeof epilogue));
    UNIVAR_LT(library_.set_operation(made, kBiasPointer, &product_.bias, sizeof product_.bias));
    return Status::Ok();
  }

  Status MakeLayout(int type, size_t rows, size_t columns, size_t stride, Descriptor* layout) {
    void* made = nullptr;
    UNIVAR_LT(library_.create_layout(&made, type, rows, columns, static_cast<int64_t>(stride)));
    *layout = Descriptor(made, library_.destroy_layout);
    return Status::Ok();
  }

  // It is not an error if the library has no algorithm for the operands.
  Status Choose(const LtWorkspace& workspace, Heuristic* best) {
    const LtProduct& p = product_;
    const Choices::Question question = {p.transpose_a,
                                        p.transpose_b,
                                        p.f16,
                                        p.rounded,
                                        p.addend != nullptr,
                                        p.bias != nullptr,
                                        p.m,
                                        p.n,
                                        p.k,
                                        p.lda,
                                        p.ldb,
                                        p.ldc,
                                        AlignmentOf(p.a) << 16 | AlignmentOf(p.b),
                                        AlignmentOf(p.c) << 16 | AlignmentOf(Addend()),
                                        workspace.bytes};
    if (TheChoices().Find(question, best)) return Status::Ok();
    UNIVAR_TRY(Ask(workspace, best));
    TheChoices().Add(question, *best);
    return Status::Ok();
  }

  Status Ask(const LtWorkspace& workspace, Heuristic* best) {
    void* made = nullptr;
    UNIVAR_LT(library_.create_preference(&made));
    const Descriptor preference(made, library_.destroy_preference);
    const uint64_t bytes = workspace.bytes;
    UNIVAR_LT(library_.set_preference(made, kMaxWorkspaceBytes, &bytes, sizeof bytes));
    const std::pair<int, const void*> places[] = {
        {kAlignmentA, product_.b}, {kAlignmentB, product_.a}, {kAlignmentC, Addend()}, {kAlignmentD, product_.c}};
    for (const auto& [attribute, address] : places) {
      const uint32_t alignment = AlignmentOf(address);
      UNIVAR_LT(library_.set_preference(made, attribute, &alignment, sizeof alignment));
    }
    int found = 0;
    const int status = library_.heuristic(library_.handle, operation_.get(), b_.get(), a_.get(), c_.get(), c_.get(),
                                          made, 1, best, &found);
    if (status != kSuccess || found == 0) best->status = kNoAlgorithm;
    return Status::Ok();
  }

  // The library needs a pointer even if nothing is added.
  const void* Addend() const { return product_.addend == nullptr ? product_.c : product_.addend; }
  static int Nothing(void*) { return kSuccess; }

  const Library& library_;
  const LtProduct& product_;
  Descriptor operation_{nullptr, Nothing}, a_{nullptr, Nothing}, b_{nullptr, Nothing}, c_{nullptr, Nothing};
};

}  // namespace

const CublasLtInfo& DescribeCublasLt() { return CublasLt().info; }

Status MultiplyByCublasLt(const LtProduct& product, const LtWorkspace& workspace, void* stream, bool* done) {
  *done = false;
  const Library& library = CublasLt();
  if (!library.info.available) return Status::Ok();
  return Plan(library, product).Run(workspace, stream, done);
}

}  // namespace univar::cuda
