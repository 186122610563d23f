// One long-lived thread on which all wide jobs run, first in first out. libgomp keeps one pool of workers per calling
// thread, so running them on libuv's four threads would create four teams; those threads also serve file access.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace univar {

class EngineThread {
 public:
  // Process-wide: worker threads of Node share it. Never destroyed, so no job can outlive it.
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
