// How many threads FAISS's own loops use.
#pragma once

#include <omp.h>

#include <algorithm>

namespace univar {

// Lets FAISS use as many threads as have something to do: it starts a team for a loop of any length, and thousands of
// short loops then cost more in waiting than in work, the more so on a busy machine. Only lowers the number that is
// set.
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

}  // namespace univar
