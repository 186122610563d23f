// One long-lived thread that runs all wide jobs, first in, first out. libgomp keeps one pool of workers per calling
// thread, so running the jobs on libuv's four threads would create four teams and block file access.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace univar {

class EngineThread {
 public:
  // Node's worker threads share this instance. It is never destroyed, so no job can outlive it.
  static EngineThread& Instance();

  void Post(std::function<void()> job);

 private:
  EngineThread();
  void Run();

  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> jobs_;
  std::thread thread_;
};

}  // namespace univar
