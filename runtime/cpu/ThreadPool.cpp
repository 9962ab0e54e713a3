// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pool's protocol: a launch publishes (generation, units left) in one word;
// whoever lowers that word by compare-and-swap owns the units in between. The
// swap fails once nothing is left, so a late worker never sees half a new job.
#include "runtime/cpu/ThreadPool.h"

#include "runtime/Error.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <system_error>

namespace dit::runtime {

// About 50 microseconds: longer than the gap between two kernels, shorter than
// another process would notice.
static constexpr int spins = 2000;

static void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

static void futexWait(std::atomic<uint32_t> &word, uint32_t expected) {
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAIT_PRIVATE,
          expected, nullptr, nullptr, 0);
}

static void futexWake(std::atomic<uint32_t> &word) {
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAKE_PRIVATE,
          INT_MAX, nullptr, nullptr, 0);
}

int availableThreads() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0)
    return std::max(1, CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

ThreadPool::ThreadPool(int threads) {
  if (threads < 1)
    fail("the number of threads must be at least 1, but is {}", threads);
  try {
    for (int i = 1; i < threads; ++i)
      workers.emplace_back([this, i] { serve(i); });
  } catch (const std::system_error &) {
    size_t started = workers.size() + 1;
    stop();
    fail("the system starts only {} of {} threads", started, threads);
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  stopping = true;
  ++generation;
  futexWake(generation);
  for (std::thread &worker : workers)
    worker.join();
  workers.clear();
}

void ThreadPool::serve(int worker) {
  uint32_t seen = 0;
  for (;;) {
    int spun = 0;
    while (generation.load(std::memory_order_acquire) == seen) {
      if (++spun < spins) {
        relax();
        continue;
      }
      // The launcher adds to `generation`, then looks at `sleepers`; here the
      // order is the other way round, so one of the two sees the other.
      ++sleepers;
      futexWait(generation, seen);
      --sleepers;
    }
    seen = generation.load();
    if (stopping)
      return;
    work(worker, seen);
  }
}

/// Takes and does pieces of `generation` until none are left.
void ThreadPool::work(int worker, uint32_t generation) {
  uint64_t seen = ticket.load(std::memory_order_acquire);
  for (;;) {
    auto left = static_cast<uint32_t>(seen);
    if (seen >> 32 != generation || left == 0)
      return;
    const Body *job = body.load(std::memory_order_relaxed);
    uint32_t total = units.load(std::memory_order_relaxed);
    int64_t begin = first.load(std::memory_order_relaxed) + (total - left);
    uint32_t piece = std::max(1u, left / static_cast<uint32_t>(2 * threads()));
    if (!ticket.compare_exchange_weak(seen, seen - piece,
                                      std::memory_order_acq_rel))
      continue;
    (*job)(worker, begin, begin + piece);
    bool last = done.fetch_add(piece) + piece == total;
    if (last && callerSleeps.load())
      futexWake(done);
    seen = ticket.load(std::memory_order_acquire);
  }
}

void ThreadPool::runPart(int64_t begin, uint32_t count) {
  uint32_t next = generation.load() + 1;
  first.store(begin, std::memory_order_relaxed);
  units.store(count, std::memory_order_relaxed);
  done.store(0, std::memory_order_relaxed);
  ticket.store(uint64_t{next} << 32 | count, std::memory_order_release);
  generation.store(next);
  if (sleepers.load() > 0)
    futexWake(generation);
  work(0, next);
  for (int spun = 0;;) {
    uint32_t finished = done.load();
    if (finished == count)
      return;
    if (++spun < spins) {
      relax();
      continue;
    }
    callerSleeps = 1;
    finished = done.load();
    if (finished != count)
      futexWait(done, finished);
    callerSleeps = 0;
  }
}

void ThreadPool::run(int64_t total, const Body &job) {
  if (total <= 0)
    return;
  std::lock_guard lock(turn);
  if (workers.empty() || total == 1) {
    job(0, 0, total);
    return;
  }
  body.store(&job, std::memory_order_relaxed);
  constexpr int64_t most = int64_t{1}
                           << 31; // the ticket and `done` have 32 bits
  for (int64_t begin = 0; begin < total; begin += most)
    runPart(begin, static_cast<uint32_t>(std::min(most, total - begin)));
}

} // namespace dit::runtime
