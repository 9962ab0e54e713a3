// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The state of a launch: the blocks that are resident, their threads, warps and
// barriers, and the copies in flight. Only the executor's own files see it.
#ifndef DIT_SIMT_MACHINE_H
#define DIT_SIMT_MACHINE_H

#include "Fiber.h"
#include "Simt.h"
#include "simt_device.h"
#include <deque>
#include <memory>

namespace simt {

/// Ends the process with a sentence that names the running thread and `site`.
[[noreturn]] void fail(Site site, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/// The same where no thread of a kernel is to blame.
[[noreturn]] void fail(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/// Ends the line on stderr and the process.
[[noreturn]] void leave();

/// What a thread waits for: `format` takes the two numbers.
struct Wait {
  const char *format = nullptr;
  unsigned a = 0, b = 0;
  Site site{};
};

/// 16 bytes on their way to shared memory; from null: zeros.
struct SmallCopy {
  unsigned char *to;
  const unsigned char *from;
};
using CopyGroup = std::vector<SmallCopy>;

struct Block;
struct Warp;

struct Thread : Running {
  Fiber fiber;
  unsigned number = 0; ///< in the launch's resident threads
  unsigned inBlock = 0;
  Block *owner = nullptr;
  Warp *warp = nullptr;
  bool done = false;
  Wait wait;
  CopyGroup openCopies;
  std::deque<CopyGroup> copies;

  unsigned lane() const { return inBlock % 32; }
};

/// One warp's share of a wgmma: 16 rows.
struct WgmmaOp {
  int n;
  float *d[32];
  uint64_t a, b;
  bool accumulate;
};

struct Warp {
  uint32_t ready = 0, alive = 0;
  // The collective that lanes are gathering for.
  uint32_t arrived = 0, mask = 0;
  const char *what = nullptr;
  Site site{};
  void *arguments[32] = {};

  std::vector<WgmmaOp> openWgmmas;
  std::deque<std::vector<WgmmaOp>> wgmmas;
  unsigned wgmmasIssued = 0;
  bool everFenced = false, fenced = false;
  /// The accumulators as the last wgmma left them, or was issued on them.
  float *accumulators[32] = {};
  std::vector<float> contents;
};

struct Barrier {
  unsigned arrived = 0, expected = 0;
  Site site{};
  std::vector<Thread *> waiters;
};

struct MBarrierState {
  unsigned arrivals, pending;
  long bytes = 0;
  unsigned parity = 0; ///< of the phase that runs
  bool fenced = false; ///< TMA and other blocks may use it
};

struct MBarrierWaiter {
  Thread *thread;
  unsigned offset, parity;
};

struct Block {
  ThreadIndex index{};
  unsigned rank = 0;        ///< in its cluster
  Block *cluster = nullptr; ///< the cluster's first block
  unsigned alive = 0;
  std::unique_ptr<Region> memory;
  /// Shared memory as TMA and wgmma see it: what they wrote themselves, and
  /// what threads wrote before a fence_proxy_async.
  std::vector<unsigned char> asyncView;
  Barrier barriers[16];
  Barrier clusterBarrier; ///< of the cluster's first block
  std::vector<std::pair<unsigned, MBarrierState>> mbarriers;
  std::vector<MBarrierWaiter> mbarrierWaiters;
  /// The wgmmas that each warpgroup's first warp to get there issued.
  std::vector<std::vector<WgmmaOp>> wgmmaLog;

  std::vector<unsigned char> &seenByAsync();
};

/// A TMA copy in flight.
struct TmaCopy {
  const unsigned char *base;
  uint64_t columns, rows, rowBytes;
  unsigned boxColumns, boxRows, swizzle;
  int x, y;
  std::vector<Block *> to;
  unsigned offset, bar;
  Site site;
  /// What the issuing thread did before is released to this address.
  std::unique_ptr<char> issued = std::make_unique<char>();
};

struct Machine {
  LaunchShape shape;
  Schedule schedule;
  const std::function<void()> *kernel;
  unsigned clusterBlocks, blockThreads;

  std::vector<Block> blocks;
  std::deque<Thread> threads;
  std::vector<Warp> warps;
  std::deque<TmaCopy> flying;
  std::vector<Thread *> flagWaiters;
  Fiber main;
  Thread *self = nullptr;
  unsigned alive = 0;
  uint32_t random = 1;

  uint32_t nextRandom();
  /// The running thread waits; returns when another has woken it.
  void block(const Wait &wait);
  void wake(Thread &thread);
  /// In a random schedule, sometimes lets others run first.
  void interrupt();
  /// Lands one copy, if any is in flight.
  bool land();
  void runWave(uint64_t firstCluster, unsigned clusters);

  Thread &pick();
  void switchTo(Thread &to);
  void exitThread();
  [[noreturn]] void reportDeadlock();

private:
  void startBlock(Block &block, uint64_t cluster, unsigned rank);
};

extern Machine *machine;

/// The running thread.
inline Thread &self() { return *machine->self; }

/// The offset of [p, p + bytes) in the running block's shared memory; fails
/// where it is not inside, or not aligned.
unsigned offsetInShared(const void *p, size_t bytes, size_t alignment,
                        const char *what, Site site);

/// An mbarrier's offset in shared memory.
unsigned mbarrierOffset(const void *bar, Site site);
/// The state of the mbarrier at an offset of `block`'s shared memory.
MBarrierState &mbarrierAt(Block &block, unsigned offset, Site site);
/// Ends the phase if nothing is left to come.
void settle(Block &block, unsigned offset, MBarrierState &state);
/// A block of the running thread's cluster; fails where it has exited.
Block &blockOfCluster(unsigned rank, Site site);

inline float widenBf16(unsigned bits) { return __uint_as_float(bits << 16); }

/// Lanes of `mask` meet; the last one to come runs `run` on all arguments.
void collective(uint32_t mask, void *argument, const char *what, Site site,
                void (*run)(void **arguments));

/// Byte offset after the XOR that TMA and wgmma apply to addresses.
inline unsigned swizzled(unsigned address, unsigned width) {
  const unsigned rows = width / 16; // 16-byte words that are permuted
  return rows > 1 ? address ^ ((address >> 7 & (rows - 1)) << 4) : address;
}

/// Shared memory begins here in the window that shared_address counts in: no
/// kernel may rely on 0.
constexpr unsigned kSharedBase = 1024;

} // namespace simt

#endif // DIT_SIMT_MACHINE_H
