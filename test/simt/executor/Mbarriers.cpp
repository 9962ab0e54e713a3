// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mbarriers: phases, arrivals and the bytes of copies that count on them. Their
// state is kept beside shared memory, where a kernel cannot write over it.
#include "Machine.h"
#include <cstring>

namespace simt {

// What an mbarrier's eight bytes hold here, so that a stray write shows.
constexpr uint64_t kMagic = 0xd17b'a221'e2d1'7bffu;

MBarrierState &mbarrierAt(Block &block, unsigned offset, Site site) {
  for (auto &[at, state] : block.mbarriers)
    if (at == offset) {
      uint64_t bits;
      memcpy(&bits, block.memory->data() + offset, 8);
      if (bits != kMagic)
        fail(site, "the mbarrier at shared + %u was written over", offset);
      return state;
    }
  fail(site, "the mbarrier at shared + %u has not been initialised", offset);
}

unsigned mbarrierOffset(const void *bar, Site site) {
  return offsetInShared(bar, 8, 8, "an mbarrier", site);
}

void settle(Block &block, unsigned offset, MBarrierState &state) {
  if (state.pending || state.bytes)
    return;
  state.parity ^= 1;
  state.pending = state.arrivals;
  std::erase_if(block.mbarrierWaiters, [&](const MBarrierWaiter &waiter) {
    if (waiter.offset != offset || waiter.parity == state.parity)
      return false;
    machine->wake(*waiter.thread);
    return true;
  });
}

static void arrive(Block &block, unsigned offset, long bytes, Site site) {
  MBarrierState &state = mbarrierAt(block, offset, site);
  if (!state.pending)
    fail(site,
         "the mbarrier at shared + %u gets more than its %u arrivals in "
         "a phase",
         offset, state.arrivals);
  release(block.memory->data() + offset);
  state.bytes += bytes;
  --state.pending;
  settle(block, offset, state);
}

Block &blockOfCluster(unsigned rank, Site site) {
  if (rank >= machine->clusterBlocks)
    fail(site, "the cluster has %u blocks, but rank %u was named",
         machine->clusterBlocks, rank);
  Block &block = self().owner->cluster[rank];
  if (!block.alive)
    fail(site, "block %u of the cluster has exited", rank);
  return block;
}

} // namespace simt

namespace dit::device {

using namespace simt;

void mbarrier_init(mbarrier *bar, unsigned arrivals, Site site) {
  const Quiet quiet;
  const unsigned offset = mbarrierOffset(bar, site);
  Block &block = *self().owner;
  if (!arrivals)
    fail(site, "an mbarrier expects 1 arrival or more, but 0 was given");
  noteWrite(bar, 8);
  memcpy(bar, &kMagic, 8);
  const MBarrierState fresh{arrivals, arrivals};
  for (auto &[at, state] : block.mbarriers)
    if (at == offset) {
      state = fresh;
      return;
    }
  block.mbarriers.push_back({offset, fresh});
}

void fence_mbarrier_init() {
  for (auto &[at, state] : self().owner->mbarriers)
    state.fenced = true;
}

void mbarrier_arrive_expect_tx(mbarrier *bar, unsigned bytes, Site site) {
  const Quiet quiet;
  machine->interrupt();
  arrive(*self().owner, mbarrierOffset(bar, site), bytes, site);
}

void mbarrier_arrive(mbarrier *bar, Site site) {
  const Quiet quiet;
  machine->interrupt();
  arrive(*self().owner, mbarrierOffset(bar, site), 0, site);
}

void mbarrier_arrive_remote(mbarrier *bar, unsigned rank, Site site) {
  const Quiet quiet;
  machine->interrupt();
  const unsigned offset = mbarrierOffset(bar, site);
  arrive(blockOfCluster(rank, site), offset, 0, site);
}

void mbarrier_wait(mbarrier *bar, unsigned parity, Site site) {
  const Quiet quiet;
  machine->interrupt();
  const unsigned offset = mbarrierOffset(bar, site);
  Block &block = *self().owner;
  MBarrierState &state = mbarrierAt(block, offset, site);
  if (parity > 1)
    fail(site, "a parity is 0 or 1, but %u was given", parity);
  if (state.parity == parity) {
    block.mbarrierWaiters.push_back({&self(), offset, parity});
    machine->block(
        {"mbarrier_wait at shared + %u for parity %u", offset, parity, site});
  }
  acquire(bar);
}

} // namespace dit::device
