// hnswlib as a peer: builds an index, or answers the commands of searcher.ts.
//
//   hnswlib build BASE.f32 DIM M EF_CONSTRUCTION THREADS INDEX
//   hnswlib search INDEX DIM QUERIES.f32 LABELS.i32
#include <hnswlib/hnswlib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using Graph = hnswlib::HierarchicalNSW<float>;
using Clock = std::chrono::steady_clock;

constexpr size_t kRowsPerRead = 16384;

double SecondsSince(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

// Of all threads of the process.
double CpuSeconds() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

struct Times {
  std::vector<double> seconds;  // one number, or one for each query
  double cpu = 0;
};

// hnswlib's own pattern (python_bindings, examples/cpp): threads of this call take the next number from a counter.
template <class Body>
void ParallelFor(size_t begin, size_t end, size_t threads, Body body) {
  if (threads == 1) {
    for (size_t i = begin; i < end; ++i) body(i);
    return;
  }
  std::atomic<size_t> next(begin);
  std::vector<std::thread> team;
  for (size_t t = 0; t < threads; ++t) {
    team.emplace_back([&] {
      for (size_t i = next++; i < end; i = next++) body(i);
    });
  }
  for (std::thread& thread : team) thread.join();
}

size_t FloatsOf(std::ifstream& file, const std::string& path) {
  file.open(path, std::ios::binary | std::ios::ate);
  if (!file) throw std::runtime_error("cannot open " + path);
  const auto bytes = static_cast<size_t>(file.tellg());
  file.seekg(0);
  return bytes / sizeof(float);
}

// Reads the rows in batches, as ours does, so that the peak of memory does not contain them twice.
void Build(const std::string& base, size_t dim, size_t m, size_t ef_construction, size_t threads,
           const std::string& path) {
  std::ifstream file;
  const size_t rows = FloatsOf(file, base) / dim;
  hnswlib::InnerProductSpace space(dim);
  Graph graph(&space, rows, m, ef_construction);
  std::vector<float> batch(kRowsPerRead * dim);
  for (size_t first = 0; first < rows; first += kRowsPerRead) {
    const size_t count = std::min(kRowsPerRead, rows - first);
    if (!file.read(reinterpret_cast<char*>(batch.data()), static_cast<std::streamsize>(count * dim * sizeof(float))))
      throw std::runtime_error("cannot read " + base);
    size_t done = 0;
    if (first == 0) graph.addPoint(batch.data(), done++);  // the entry point, before threads share it
    ParallelFor(done, count, threads, [&](size_t i) { graph.addPoint(batch.data() + i * dim, first + i); });
  }
  graph.saveIndex(path);
}

class Searcher {
 public:
  Searcher(std::string index, size_t dim, const std::string& queries, std::string labels)
      : index_(std::move(index)), dim_(dim), space_(dim), labels_path_(std::move(labels)) {
    std::ifstream file;
    queries_.resize(FloatsOf(file, queries));
    file.read(reinterpret_cast<char*>(queries_.data()), static_cast<std::streamsize>(queries_.size() * sizeof(float)));
  }

  Times Answer(const std::string& command) {
    const auto begin = Clock::now();
    if (command == "open") {
      graph_ = std::make_unique<Graph>(&space_, index_);
      return {{SecondsSince(begin)}};
    }
    size_t k = 0, ef = 0, threads = 0;
    if (command != "single" && command != "batch") return {};
    if (!(std::cin >> k >> ef >> threads) || ef < k || threads < 1) throw std::runtime_error("bad command");
    graph_->setEf(ef);
    const size_t count = queries_.size() / dim_;
    labels_.assign(count * k, -1);
    std::vector<double> seconds(command == "single" ? count : 0);
    const double cpu = CpuSeconds();
    if (command == "single") {
      for (size_t i = 0; i < count; ++i) {
        const auto start = Clock::now();
        Search(i, k);
        seconds[i] = SecondsSince(start);
      }
    } else {
      const auto start = Clock::now();
      ParallelFor(0, count, threads, [&](size_t i) { Search(i, k); });
      seconds.push_back(SecondsSince(start));
    }
    const double used = CpuSeconds() - cpu;
    std::ofstream(labels_path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(labels_.data()),
               static_cast<std::streamsize>(labels_.size() * sizeof(int32_t)));
    return {seconds, used};
  }

 private:
  // The queue has the farthest row on top.
  void Search(size_t i, size_t k) {
    auto found = graph_->searchKnn(queries_.data() + i * dim_, k);
    for (; !found.empty(); found.pop()) labels_[i * k + found.size() - 1] = static_cast<int32_t>(found.top().second);
  }

  const std::string index_;
  const size_t dim_;
  hnswlib::InnerProductSpace space_;
  const std::string labels_path_;
  std::vector<float> queries_;
  std::vector<int32_t> labels_;
  std::unique_ptr<Graph> graph_;
};

void Serve(Searcher searcher) {
  for (std::string command, rest; std::cin >> command; std::getline(std::cin, rest)) {
    const auto [seconds, cpu] = searcher.Answer(command);
    std::printf("{\"cpu\":%.9f,\"seconds\":[", cpu);
    for (size_t i = 0; i < seconds.size(); ++i) std::printf("%s%.9f", i == 0 ? "" : ",", seconds[i]);
    std::printf("]}\n");
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv, argv + argc);
  try {
    if (argc == 8 && args[1] == "build") {
      Build(args[2], std::stoul(args[3]), std::stoul(args[4]), std::stoul(args[5]), std::stoul(args[6]), args[7]);
    } else if (argc == 6 && args[1] == "search") {
      Serve(Searcher(args[2], std::stoul(args[3]), args[4], args[5]));
    } else {
      throw std::runtime_error("expected build or search with their arguments; see the head of hnswlib.cc");
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
