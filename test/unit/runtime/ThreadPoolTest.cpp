// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every unit once, whatever the threads do.
#include "Fixture.h"

#include "runtime/cpu/ThreadPool.h"

#include <atomic>
#include <chrono>
#include <thread>

namespace dit::runtime::test {
namespace {

TEST(ThreadPool, EveryUnitRunsOnce) {
  for (int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (int64_t units : {0, 1, 2, 3, 7, 64, 1000}) {
      std::vector<std::atomic<int>> hits(units);
      pool.run(units, [&](int worker, int64_t begin, int64_t end) {
        EXPECT_GE(worker, 0);
        EXPECT_LT(worker, threads);
        EXPECT_LT(begin, end);
        for (int64_t i = begin; i < end; ++i)
          ++hits[i];
      });
      for (const auto &h : hits)
        ASSERT_EQ(h, 1);
    }
  }
}

// Back-to-back launches of every size, with pauses that let the workers sleep:
// where a late worker would see half a new job.
TEST(ThreadPool, LaunchesDoNotLeakIntoEachOther) {
  ThreadPool pool(4);
  int64_t expected = 0;
  std::atomic<int64_t> sum{0};
  for (int round = 0; round < 20000; ++round) {
    int64_t units = 2 + round % 37;
    std::atomic<int> running{0};
    pool.run(units, [&, units](int, int64_t begin, int64_t end) {
      ++running;
      EXPECT_LE(end, units);
      for (int64_t i = begin; i < end; ++i)
        sum += i;
      --running;
    });
    ASSERT_EQ(running, 0);
    expected += units * (units - 1) / 2;
    ASSERT_EQ(sum, expected) << round;
    if (round % 500 == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

TEST(ThreadPool, AWorkerUsesItsOwnNumber) {
  ThreadPool pool(4);
  std::vector<std::atomic<int>> inside(4);
  for (int round = 0; round < 200; ++round)
    pool.run(100, [&](int worker, int64_t, int64_t) {
      EXPECT_EQ(++inside[worker], 1);
      --inside[worker];
    });
}

TEST(ThreadPool, CallersTakeTurns) {
  ThreadPool pool(2);
  std::atomic<int64_t> total{0};
  std::vector<std::thread> callers;
  for (int c = 0; c < 3; ++c)
    callers.emplace_back([&] {
      for (int round = 0; round < 300; ++round)
        pool.run(
            10, [&](int, int64_t begin, int64_t end) { total += end - begin; });
    });
  for (auto &caller : callers)
    caller.join();
  EXPECT_EQ(total, 9000);
}

TEST(ThreadPool, ZeroThreadsAreRefused) {
  EXPECT_EQ(errorOf([] { ThreadPool(0); }),
            "the number of threads must be at least 1, but is 0");
  EXPECT_GE(availableThreads(), 1);
}

} // namespace
} // namespace dit::runtime::test
