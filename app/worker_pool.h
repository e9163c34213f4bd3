// A few threads for what may take long, as an executor.
//
// asio::thread_pool's own constructor never returns where the system gives the first thread and not
// the second: it waits for the first, which waits for work.

#pragma once

#include <cstddef>
#include <thread>
#include <vector>

#include "net/async.h"

namespace millrace::app {

class WorkerPool {
 public:
  // With fewer threads than `count` where the system gives no more; throws std::system_error where
  // it gives none.
  explicit WorkerPool(std::size_t count);
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool();

  [[nodiscard]] asio::thread_pool& pool() { return pool_; }

  // Returns when all that was posted has been run. Nothing may be posted afterwards.
  void join();

 private:
  asio::thread_pool pool_{0};
  std::vector<std::thread> threads_;
};

}  // namespace millrace::app
