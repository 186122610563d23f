#include "core/engine_thread.h"

#include <omp.h>

#include <utility>

#include "core/threads.h"

namespace univar {

EngineThread& EngineThread::Instance() {
  static EngineThread* instance = new EngineThread();
  return *instance;
}

EngineThread::EngineThread() : thread_([this] { Run(); }) { thread_.detach(); }

void EngineThread::Post(std::function<void()> job) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  ready_.notify_one();
}

void EngineThread::Run() {
  for (;;) {
    std::function<void()> job;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      ready_.wait(lock, [this] { return !jobs_.empty(); });
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    // libgomp stores this number per thread, and the user can have changed it since the last job.
    omp_set_num_threads(ThreadCount());
    job();
  }
}

}  // namespace univar
