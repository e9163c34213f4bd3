#include "app/worker_pool.h"

#include <cstddef>
#include <system_error>
#include <thread>

namespace millrace::app {

WorkerPool::WorkerPool(std::size_t count) {
  threads_.reserve(count);
  try {
    while (threads_.size() < count) threads_.emplace_back([this] { pool_.attach(); });
  } catch (const std::system_error&) {
    if (threads_.empty()) throw;
  }
}

WorkerPool::~WorkerPool() {
  pool_.stop();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::join() {
  pool_.wait();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace millrace::app
