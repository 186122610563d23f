// Trains and runs small encoders of random shapes, for Valgrind: it also sees the machine code that oneDNN generates,
// which no sanitizer does. Linked with the objects of the usual build, so it runs the very kernels of a release.
//
//   encoder_steps SEED ENCODERS INSTRUCTION_SET
#include <omp.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "core/simd_targets.h"
#include "encoder/model.h"
#include "ops/backend.h"

namespace univar {
namespace {

void Expect(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.message().c_str());
  std::exit(1);
}

class Draw {
 public:
  explicit Draw(unsigned seed) : random_(seed) {}

  size_t Size(size_t least, size_t most) { return least + random_() % (most - least + 1); }
  int32_t Id(size_t below) { return static_cast<int32_t>(Size(0, below - 1)); }
  bool Flag() { return Size(0, 1) == 1; }
  template <typename T>
  T Pick(std::initializer_list<T> choices) {
    return choices.begin()[Size(0, choices.size() - 1)];
  }
  std::vector<float> Floats(size_t count) {
    std::uniform_real_distribution<float> range(-0.2f, 0.2f);
    std::vector<float> values(count);
    for (float& value : values) value = range(random_);
    return values;
  }

 private:
  std::mt19937 random_;
};

struct Tokens {
  std::vector<int32_t> ids, offsets{0};

  Tokens(const EncoderSpec& spec, size_t sequences, Draw& draw) {
    const size_t most = draw.Pick({size_t{1}, spec.max_positions / 8 + 1, spec.max_positions});
    for (size_t s = 0; s < sequences; ++s) {
      for (size_t n = draw.Size(1, std::min(most, spec.max_positions)); n > 0; --n)
        ids.push_back(draw.Id(spec.vocabulary));
      offsets.push_back(static_cast<int32_t>(ids.size()));
    }
  }
  PackedTokens packed() const { return {ids.data(), offsets.data(), offsets.size() - 1}; }
};

EncoderSpec DrawSpec(Draw& draw) {
  EncoderSpec spec;
  spec.positions = draw.Pick({Positions::kLearned, Positions::kRotary, Positions::kNone});
  spec.heads = draw.Size(1, 4);
  spec.hidden = spec.heads * (spec.positions == Positions::kRotary ? 2 * draw.Size(1, 12) : draw.Size(1, 24));
  spec.layers = draw.Size(0, 2);
  spec.inner = draw.Size(1, 2 * spec.hidden);
  spec.vocabulary = draw.Size(2, 60);
  spec.types = draw.Size(0, 2);
  spec.max_positions = draw.Pick<size_t>({1, 7, 40, 300});
  spec.rope_base = 10000;
  spec.embedding_norm = draw.Flag();
  spec.activation = draw.Pick({Activation::kGelu, Activation::kSwiglu});
  spec.biases = draw.Flag();
  spec.pooling = draw.Pick({Pooling::kMean, Pooling::kCls});
  spec.normalize = draw.Flag();
  return spec;
}

void Encode(Model& model, Draw& draw) {
  const Tokens tokens(model.spec(), draw.Size(1, 9), draw);
  std::vector<float> embeddings(tokens.packed().sequences * model.spec().hidden);
  std::vector<float> hidden(tokens.ids.size() * model.spec().hidden);
  const size_t layers = draw.Size(0, model.spec().layers);
  Expect(model.Encode(tokens.packed(), layers, embeddings.data(), hidden.data(), Control()));
  for (const float value : embeddings) {
    if (!std::isfinite(value)) Expect(Status::Error(Code::kNonFinite, "An embedding is not finite"));
  }
}

void Step(Model& model, int64_t number, Draw& draw) {
  const EncoderSpec& spec = model.spec();
  const size_t rows = draw.Pick<size_t>({1, 2, 3, 5, 9}), dim = spec.hidden;
  const Tokens tokens(spec, 2 * rows, draw);
  const std::vector<float> lower = draw.Floats(tokens.ids.size() * dim);
  StepSettings settings;
  settings.memory_budget = draw.Pick<size_t>({0, 30'000, 300'000, 1 << 30});
  settings.first_trained_layer = draw.Size(0, spec.layers);
  if (settings.first_trained_layer > 0 && draw.Flag()) settings.lower_states = lower.data();
  std::vector<int32_t> labels(rows);
  for (int32_t& label : labels) label = draw.Id(3);
  const InfoNceMode mode = Names<InfoNceMode>::kAll[draw.Size(0, std::size(Names<InfoNceMode>::kAll) - 1)].value;
  const auto loss_fn = [&](const float* x, float* dx, double* loss) {
    return GetBackend().info_nce({.query = x,
                                  .key = x + rows * dim,
                                  .labels = labels.data(),
                                  .d_query = dx,
                                  .d_key = dx + rows * dim,
                                  .rows = rows,
                                  .dim = dim,
                                  .logit_scale = 20,
                                  .mode = mode,
                                  .backend_memory = true},
                                 loss, Control());
  };
  double loss = 0, norm = 0;
  Expect(model.ForwardBackward(tokens.packed(), settings, loss_fn, &loss, Control()));
  UpdateSettings update;
  update.adamw.step = number;
  update.adamw.learning_rate = 1e-3;
  update.adamw.beta1 = 0.9;
  update.adamw.beta2 = 0.999;
  update.adamw.epsilon = 1e-8;
  update.max_grad_norm = draw.Pick({0.0, 1.0});
  Expect(model.Update(update, settings.first_trained_layer, &norm));
}

void Run(unsigned seed, size_t encoders, const std::string& simd) {
  Expect(LimitSimd(simd));
  Draw draw(seed);
  size_t steps = 0;
  for (size_t i = 0; i < encoders; ++i) {
    const Precision precision = draw.Pick({Precision::kF32, Precision::kBf16, Precision::kInt8});
    Model model(GetBackend(), DrawSpec(draw));
    Expect(model.Initialize(precision));
    const std::vector<float> parameters = draw.Floats(model.layout().size());
    std::copy(parameters.begin(), parameters.end(), model.parameters());
    for (int64_t call = 1; call <= 3; ++call) {
      omp_set_num_threads(static_cast<int>(draw.Size(1, 4)));
      if (precision == Precision::kInt8 || draw.Size(0, 3) == 0) {
        Encode(model, draw);
      } else {
        Step(model, call, draw);
        ++steps;
      }
    }
  }
  std::printf("soak: ok on %s: %zu encoders, %zu steps\n", simd.c_str(), encoders, steps);
}

}  // namespace
}  // namespace univar

int main(int, char** argv) {
  univar::Run(static_cast<unsigned>(std::atoi(argv[1])), static_cast<size_t>(std::atoi(argv[2])), argv[3]);
  return 0;
}
