// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What threads of a block or the lanes of a warp do together: barriers,
// shuffles, and flags between the blocks of a persistent kernel.
#include "Machine.h"

namespace simt {

void collective(uint32_t mask, void *argument, const char *what, Site site,
                void (*run)(void **arguments)) {
  Thread &me = self();
  Warp &warp = *me.warp;
  const unsigned lane = me.lane();
  if (!(mask >> lane & 1))
    fail(site, "%s with mask %08x, which leaves out lane %u that runs it", what,
         mask, lane);
  if (mask & ~warp.alive)
    fail(site, "%s with mask %08x, but only lanes %08x have not exited", what,
         mask, warp.alive);
  if (warp.arrived) {
    if (warp.what != what || warp.site.line != site.line || warp.mask != mask)
      fail(site,
           "the warp has diverged: lane %u is at %s with mask %08x, others "
           "at %s with mask %08x (line %d)",
           lane, what, mask, warp.what, warp.mask, warp.site.line);
  } else {
    warp.what = what;
    warp.site = site;
    warp.mask = mask;
  }
  warp.arguments[lane] = argument;
  warp.arrived |= 1u << lane;
  if (warp.arrived != mask) {
    machine->block({"a collective of the warp", 0, 0, site});
    return;
  }
  warp.arrived = 0;
  run(warp.arguments);
  warp.ready |= mask;
}

void syncwarp(unsigned mask, Site site) {
  const Quiet quiet;
  Warp &warp = *self().warp;
  release(&warp);
  collective(mask, nullptr, "__syncwarp", site, [](void **) {});
  acquire(&warp);
}

struct Shuffle {
  uint32_t mask;
  unsigned value;
  int from;
  Site site;
};

unsigned shuffle(unsigned mask, unsigned value, int fromLane, const char *what,
                 Site site) {
  const Quiet quiet;
  Shuffle mine{mask, value, fromLane, site};
  collective(mask, &mine, what, site, [](void **arguments) {
    auto **lanes = reinterpret_cast<Shuffle **>(arguments);
    unsigned values[32] = {};
    const uint32_t mask = lanes[self().lane()]->mask;
    for (int l = 0; l < 32; ++l)
      if (mask >> l & 1) {
        const int from = lanes[l]->from;
        if (!(mask >> from & 1))
          fail(lanes[l]->site,
               "lane %d shuffles from lane %d, which mask %08x "
               "leaves out",
               l, from, mask);
        values[l] = lanes[from]->value;
      }
    for (int l = 0; l < 32; ++l)
      if (mask >> l & 1)
        lanes[l]->value = values[l];
  });
  return mine.value;
}

/// Counts an arrival; true if it was the last, which wakes the others.
static bool arrive(Barrier &barrier, unsigned expected, bool sameSite,
                   unsigned id, Site site) {
  if (barrier.arrived && barrier.expected != expected)
    fail(site, "barrier %u expects %u threads here, but %u at line %d", id,
         expected, barrier.expected, barrier.site.line);
  if (barrier.arrived && sameSite && barrier.site.line != site.line)
    fail(site,
         "some threads of the block are at this barrier, others at the "
         "one of line %d",
         barrier.site.line);
  barrier.expected = expected;
  barrier.site = site;
  if (++barrier.arrived != expected)
    return false;
  barrier.arrived = 0;
  for (Thread *thread : barrier.waiters)
    machine->wake(*thread);
  barrier.waiters.clear();
  return true;
}

static void meet(Barrier &barrier, unsigned expected, bool sameSite,
                 unsigned id, const char *format, Site site) {
  if (!arrive(barrier, expected, sameSite, id, site)) {
    barrier.waiters.push_back(&self());
    machine->block({format, expected, id, site});
  }
}

/// The same, and what was written before is seen behind it.
static void sync(Barrier &barrier, unsigned expected, bool sameSite,
                 unsigned id, const char *format, Site site) {
  release(&barrier);
  meet(barrier, expected, sameSite, id, format, site);
  acquire(&barrier);
}

void syncthreads(Site site) {
  const Quiet quiet;
  machine->interrupt();
  sync(self().owner->barriers[0], machine->blockThreads, true, 0,
       "__syncthreads, for %u threads", site);
}

} // namespace simt

namespace dit::device {

using namespace simt;

static Barrier &named(int id, int threads, Site site) {
  if (id < 1 || id > 15 || threads % 32 || threads < 32)
    fail(site,
         "a named barrier is 1 to 15 for a multiple of 32 threads, but "
         "%d for %d was asked for",
         id, threads);
  return self().owner->barriers[id];
}

void barrier_sync(int id, int threads, Site site) {
  const Quiet quiet;
  machine->interrupt();
  sync(named(id, threads, site), threads, false, id,
       "barrier_sync, for %u threads, barrier %u", site);
}

void barrier_arrive(int id, int threads, Site site) {
  const Quiet quiet;
  machine->interrupt();
  Barrier &barrier = named(id, threads, site);
  release(&barrier);
  arrive(barrier, threads, false, id, site);
}

unsigned cluster_rank() { return self().owner->rank; }

void cluster_sync(Site site) {
  const Quiet quiet;
  machine->interrupt();
  meet(self().owner->cluster->clusterBarrier,
       machine->blockThreads * machine->clusterBlocks, true, 0,
       "cluster_sync, for %u threads", site);
}

void setmaxnreg(int registers, const char *what, Site site) {
  const Quiet quiet;
  if (registers < 24 || registers > 256 || registers % 8)
    fail(site, "%s takes a multiple of 8 from 24 to 256, but %d was given",
         what, registers);
  collective(~0u, nullptr, what, site, [](void **) {});
}

void flag_add_release(int *flag, int value, Site) {
  const Quiet quiet;
  machine->interrupt();
  release(flag);
  *flag += value;
  for (Thread *thread : machine->flagWaiters)
    machine->wake(*thread);
  machine->flagWaiters.clear();
}

void flag_wait_at_least(const int *flag, int value, Site site) {
  const Quiet quiet;
  machine->interrupt();
  while (*flag < value) {
    machine->flagWaiters.push_back(&self());
    machine->block({"a flag of global memory that is to reach %u, now %u",
                    static_cast<unsigned>(value), static_cast<unsigned>(*flag),
                    site});
  }
  acquire(const_cast<int *>(flag));
}

} // namespace dit::device
