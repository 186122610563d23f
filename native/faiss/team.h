// Limits the number of threads of FAISS's own loops.
#pragma once

#include <omp.h>

#include <algorithm>

namespace univar {

// Lets FAISS use only as many threads as there is work for. FAISS starts a team for a loop of any length, so thousands
// of short loops would spend more time on waiting than on work, especially on a busy machine. This class only lowers
// the current number of threads.
class Team {
 public:
  explicit Team(double multiplications) : before_(omp_get_max_threads()) {
    constexpr double kWorthAThread = 1 << 21;
    omp_set_num_threads(
        static_cast<int>(std::clamp(multiplications / kWorthAThread, 1.0, static_cast<double>(before_))));
  }
  ~Team() { omp_set_num_threads(before_); }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

 private:
  int before_;
};

// Calls run(scratch, i) for i from 0 to n - 1, in parallel. Every thread makes its scratch by make(). For one call,
// there is no team: even a team of one takes microseconds to start.
template <typename Make, typename Run>
void ForEachInTeam(size_t n, Make make, Run run) {
  if (n == 1) {
    auto scratch = make();
    run(scratch, size_t{0});
    return;
  }
#pragma omp parallel
  {
    auto scratch = make();
#pragma omp for schedule(dynamic, 1)
    for (size_t i = 0; i < n; ++i) run(scratch, i);
  }
}

}  // namespace univar
