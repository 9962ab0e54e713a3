// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fork-join over units of work: workers spin briefly, then sleep. A launch does
// not wait for a worker that never took part, so a core that another process
// holds costs only its share.
#ifndef DIT_RUNTIME_CPU_THREADPOOL_H
#define DIT_RUNTIME_CPU_THREADPOOL_H

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace dit::runtime {

/// The number of CPUs this process may run on, at least 1.
int availableThreads();

class ThreadPool {
public:
  /// A piece [begin, end) of the units, on the worker of that number.
  using Body = std::function<void(int worker, int64_t begin, int64_t end)>;

  /// `threads` >= 1, the caller of run() included. Throws an Error when the
  /// system has no more threads.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  int threads() const { return static_cast<int>(workers.size()) + 1; }
  /// Calls `body` for pieces that cover [0, units) once, and returns when all
  /// are done. Pieces shrink towards the end. `body` must not throw, nor call
  /// run(). Callers on several threads take turns.
  void run(int64_t units, const Body &body);

private:
  void runPart(int64_t first, uint32_t units);
  void work(int worker, uint32_t generation);
  void serve(int worker);
  void stop();

  std::vector<std::thread> workers;
  std::mutex turn;
  // The job. Read by a worker that may be late; believed only when it then
  // takes units of the same generation.
  std::atomic<const Body *> body{nullptr};
  std::atomic<int64_t> first{0};
  std::atomic<uint32_t> units{0};
  alignas(64) std::atomic<uint64_t> ticket{
      0};                                    ///< generation << 32 | units left
  alignas(64) std::atomic<uint32_t> done{0}; ///< units finished
  std::atomic<uint32_t> callerSleeps{0};
  alignas(64) std::atomic<uint32_t> generation{0};
  std::atomic<uint32_t> sleepers{0};
  std::atomic<bool> stopping{false};
};

} // namespace dit::runtime

#endif // DIT_RUNTIME_CPU_THREADPOOL_H
