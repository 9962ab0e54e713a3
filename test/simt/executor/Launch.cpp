// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A launch: its blocks in waves, from the first thread to the last.
#include "Machine.h"
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <optional>
#include <sys/mman.h>
#include <unistd.h>

namespace simt {

Machine *machine = nullptr;
const Running *running = nullptr;

int lane() { return static_cast<int>(self().lane()); }

void leave() {
  fputc('\n', stderr);
  fflush(nullptr);
  _exit(3);
}

void fail(const char *format, ...) {
  fputs("simt: error: ", stderr);
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  leave();
}

void fail(Site site, const char *format, ...) {
  const char *slash = strrchr(site.file, '/');
  const Thread &thread = self();
  fprintf(stderr, "simt: error: %s:%d: block (%u,%u,%u), thread %u: ",
          slash ? slash + 1 : site.file, site.line, thread.block.x,
          thread.block.y, thread.block.z, thread.inBlock);
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  leave();
}

static void checkLeftovers(const Block &block) {
  block.memory->checkSlack();
  for (const TmaCopy &copy : machine->flying)
    for (const Block *to : copy.to)
      if (to == &block)
        fail(copy.site, "the block ends while this copy is in flight");
  for (const auto &log : block.wgmmaLog)
    for (unsigned i = 0; i + 1 < 4; ++i) {
      const Warp *first = &machine->warps[0] + (&log - &block.wgmmaLog[0]) * 4;
      const unsigned blockWarps = (machine->blockThreads + 31) / 32;
      first += (&block - &machine->blocks[0]) * blockWarps;
      if (first[i].wgmmasIssued != first[i + 1].wgmmasIssued)
        fail("a warpgroup of block (%u,%u,%u) ends with %u wgmmas in one warp "
             "and %u in the next",
             block.index.x, block.index.y, block.index.z, first[i].wgmmasIssued,
             first[i + 1].wgmmasIssued);
    }
}

void Machine::exitThread() {
  std::optional<Quiet> quiet(std::in_place);
  Thread &me = *self;
  const Site nowhere{"the kernel's end", 0};
  Block &block = *me.owner;
  me.done = true;
  me.warp->ready &= ~(1u << me.lane());
  me.warp->alive &= ~(1u << me.lane());
  --alive;
  --block.alive;
  if (!me.warp->wgmmas.empty() || !me.warp->openWgmmas.empty())
    fail(nowhere, "exits with wgmmas in flight");
  if (me.warp->arrived && me.warp->mask >> me.lane() & 1)
    fail(me.warp->site, "exits while other lanes wait for it at %s",
         me.warp->what);
  for (unsigned id = 0; id < 16; ++id) {
    const Barrier &barrier = block.barriers[id];
    const unsigned canCome = block.alive - barrier.waiters.size();
    if (barrier.arrived && barrier.expected > barrier.arrived + canCome)
      fail(barrier.site,
           "exits while %u threads wait at barrier %u, which expects %u",
           barrier.arrived, id, barrier.expected);
  }
  const Barrier &cluster = block.cluster->clusterBarrier;
  if (cluster.arrived)
    fail(cluster.site, "exits while %u of %u threads wait at cluster_sync",
         cluster.arrived, cluster.expected);
  if (block.alive == 0)
    checkLeftovers(block);
  release(this);
  Thread *next = alive ? &pick() : nullptr;
  quiet.reset();
  if (next) {
    switchTo(*next);
  } else {
    machine->self = nullptr;
    me.fiber.switchTo(main, true);
  }
  __builtin_unreachable();
}

static void threadMain() {
  Fiber::entered();
  acquire(&machine->main); // not what threads that ended have released
  (*machine->kernel)();
  machine->exitThread();
}

void Machine::startBlock(Block &block, uint64_t cluster, unsigned rank) {
  const Index &c = shape.cluster;
  const unsigned gx = shape.grid.x / c.x, gy = shape.grid.y / c.y;
  block.index = {
      static_cast<unsigned>(cluster % gx) * c.x + rank % c.x,
      static_cast<unsigned>(cluster / gx % gy) * c.y + rank / c.x % c.y,
      static_cast<unsigned>(cluster / gx / gy) * c.z + rank / (c.x * c.y)};
  block.rank = rank;
  block.cluster = &block - rank;
  block.alive = blockThreads;
  // What was never written is NaN, whether read as float or bf16.
  memset(block.memory->data(), 0xff, block.memory->size());
  block.asyncView.clear();
  for (Barrier &barrier : block.barriers)
    barrier = {};
  block.clusterBarrier = {};
  block.mbarriers.clear();
  block.mbarrierWaiters.clear();
  block.wgmmaLog.assign(blockThreads / 128, {});
}

/// Stacks of the largest launch yet, kept for the next one; under each a page
/// that may not be touched.
static unsigned char *stack(size_t number) {
  static std::deque<unsigned char *> stacks;
  constexpr size_t kGuard = 4096;
  while (stacks.size() <= number) {
    void *memory =
        mmap(nullptr, kGuard + Fiber::kStackBytes, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
      fail("no memory for the stack of thread %zu", number);
    mprotect(memory, kGuard, PROT_NONE);
    stacks.push_back(static_cast<unsigned char *>(memory) + kGuard);
  }
  return stacks[number];
}

void Machine::runWave(uint64_t firstCluster, unsigned clusters) {
  const unsigned count = clusters * clusterBlocks;
  const unsigned blockWarps = (blockThreads + 31) / 32;
  threads.clear();
  threads.resize(count * blockWarps * 32);
  warps.assign(count * blockWarps, {});
  flying.clear();
  flagWaiters.clear();
  alive = count * blockThreads;
  self = nullptr;
  for (unsigned b = 0; b < count; ++b) {
    startBlock(blocks[b], firstCluster + b / clusterBlocks, b % clusterBlocks);
    const Index &size = shape.block;
    for (unsigned t = 0; t < blockThreads; ++t) {
      const unsigned number = b * blockWarps * 32 + t;
      Thread &thread = threads[number];
      thread.thread = {t % size.x, t / size.x % size.y, t / (size.x * size.y)};
      thread.block = blocks[b].index;
      thread.blockSize = {size.x, size.y, size.z};
      thread.grid = {shape.grid.x, shape.grid.y, shape.grid.z};
      thread.shared = blocks[b].memory->data();
      thread.number = number;
      thread.inBlock = t;
      thread.owner = &blocks[b];
      thread.warp = &warps[number / 32];
      thread.warp->ready |= 1u << t % 32;
      thread.warp->alive |= 1u << t % 32;
      thread.fiber.begin(stack(number), threadMain);
    }
  }
  release(&main);
  Thread &first = pick();
  self = &first;
  running = &first;
  main.switchTo(first.fiber);
  acquire(this);
  for (Thread &thread : threads)
    if (thread.owner)
      thread.fiber.end();
}

void launch(const LaunchShape &shape, const Schedule &schedule,
            const std::function<void()> &kernel) {
  const Index &c = shape.cluster, &g = shape.grid, &b = shape.block;
  if (!c.x || !c.y || !c.z || g.x % c.x || g.y % c.y || g.z % c.z)
    fail("the grid (%u,%u,%u) is no multiple of the cluster (%u,%u,%u)", g.x,
         g.y, g.z, c.x, c.y, c.z);
  if (b.x * b.y * b.z > 1024 || b.x * b.y * b.z == 0)
    fail("a block has 1 to 1024 threads, but (%u,%u,%u) was asked for", b.x,
         b.y, b.z);
  if (shape.sharedBytes > 227 * 1024)
    fail("a block has at most 232448 bytes of shared memory, but %zu were "
         "asked for",
         shape.sharedBytes);
  Machine state;
  state.shape = shape;
  state.schedule = schedule;
  state.kernel = &kernel;
  state.clusterBlocks = c.x * c.y * c.z;
  state.blockThreads = b.x * b.y * b.z;
  state.random = schedule.seed * 2654435761u + 1;
  state.main.beginMain();
  const uint64_t clusters = uint64_t(g.x) * g.y * g.z / state.clusterBlocks;
  const unsigned resident =
      std::min<uint64_t>(std::max(1u, shape.residentClusters), clusters);
  state.blocks.resize(resident * state.clusterBlocks);
  for (Block &block : state.blocks)
    block.memory =
        std::make_unique<Region>("shared memory", shape.sharedBytes, 1024);
  machine = &state;
  for (uint64_t first = 0; first < clusters; first += resident)
    state.runWave(first, std::min<uint64_t>(resident, clusters - first));
  machine = nullptr;
  running = nullptr;
}

} // namespace simt
