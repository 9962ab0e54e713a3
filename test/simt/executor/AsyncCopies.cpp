// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cp.async, mbarriers and TMA. A copy takes effect at once, or when the thread
// that waits for it gets there (cp.async), or when nothing else can run (TMA).
#include "Machine.h"
#include <cstring>

namespace simt {

unsigned offsetInShared(const void *p, size_t bytes, size_t alignment,
                        const char *what, Site site) {
  const Region &memory = *self().owner->memory;
  const long offset = static_cast<const unsigned char *>(p) - memory.data();
  if (offset < 0 || offset + bytes > memory.size())
    fail(site, "%s of %zu bytes at shared + %ld, but the block has %zu bytes",
         what, bytes, offset, memory.size());
  if (offset % alignment)
    fail(site, "%s at shared + %ld, which must be a multiple of %zu", what,
         offset, alignment);
  return static_cast<unsigned>(offset);
}

std::vector<unsigned char> &Block::seenByAsync() {
  if (asyncView.empty())
    asyncView.assign(memory->size(), 0xff);
  return asyncView;
}

static void perform(const SmallCopy &copy) {
  noteWrite(copy.to, 16);
  if (copy.from)
    memcpy(copy.to, copy.from, 16);
  else
    memset(copy.to, 0, 16);
}

// What an mbarrier's eight bytes hold here, so that a stray write shows.
constexpr uint64_t kMagic = 0xd17b'a221'e2d1'7bffu;

/// The state of the mbarrier at an offset of `block`'s shared memory.
static MBarrierState &stateOf(Block &block, unsigned offset, Site site) {
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

static unsigned mbarrierOffset(const void *bar, Site site) {
  return offsetInShared(bar, 8, 8, "an mbarrier", site);
}

/// Ends the phase if nothing is left to come.
static void settle(Block &block, unsigned offset, MBarrierState &state) {
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
  MBarrierState &state = stateOf(block, offset, site);
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

/// Writes the box into one block's shared memory and counts its bytes.
static void deliver(const TmaCopy &copy, Block &block) {
  std::vector<unsigned char> &view = block.seenByAsync();
  unsigned char *shared = block.memory->data();
  const unsigned width = copy.boxColumns * 2;
  for (unsigned r = 0; r < copy.boxRows; ++r)
    for (unsigned c = 0; c < width; c += 2) {
      const unsigned at = swizzled(copy.offset + r * width + c, copy.swizzle);
      const int64_t column = copy.x + int64_t(c / 2), row = copy.y + int64_t(r);
      const bool inside = column >= 0 && row >= 0 &&
                          column < int64_t(copy.columns) &&
                          row < int64_t(copy.rows);
      const uint16_t zero = 0;
      memcpy(shared + at,
             inside ? copy.base + row * copy.rowBytes + column * 2
                    : reinterpret_cast<const unsigned char *>(&zero),
             2);
      memcpy(&view[at], shared + at, 2);
    }
  noteWrite(shared + copy.offset, width * copy.boxRows);
  MBarrierState &state = stateOf(block, copy.bar, copy.site);
  release(shared + copy.bar);
  state.bytes -= long(width) * copy.boxRows;
  settle(block, copy.bar, state);
}

bool Machine::land() {
  if (flying.empty())
    return false;
  const size_t which =
      schedule.order == Order::Random ? nextRandom() % flying.size() : 0;
  const TmaCopy copy = std::move(flying[which]);
  flying.erase(flying.begin() + which);
  const EngineScope engine;
  acquire(copy.issued.get());
  for (Block *block : copy.to)
    deliver(copy, *block);
  return true;
}

/// The executor's encoding of a tensor map.
struct EncodedMap {
  uint64_t magic;
  const unsigned char *base;
  uint64_t columns, rows, rowBytes;
  unsigned boxColumns, boxRows, swizzle;
};
static_assert(sizeof(EncodedMap) <= sizeof(dit::TensorMap));

void encodeTensorMap(void *map, const void *base, uint64_t columns,
                     uint64_t rows, uint64_t rowBytes, unsigned boxColumns,
                     unsigned boxRows, unsigned swizzle) {
  if (reinterpret_cast<uintptr_t>(map) % 64)
    fail("a tensor map lies at a multiple of 64");
  if (reinterpret_cast<uintptr_t>(base) % 16 || rowBytes % 16)
    fail("a tensor map's base and row length are multiples of 16 bytes, but "
         "%zu and %zu were given",
         size_t(base) % 16, size_t(rowBytes));
  if (!columns || !rows || rowBytes < columns * 2)
    fail("a tensor map's rows hold its columns");
  if (!boxColumns || !boxRows || boxColumns > 256 || boxRows > 256)
    fail("a tensor map's box is 1 to 256 in each direction, but %u x %u was "
         "given",
         boxColumns, boxRows);
  if (boxColumns * 2 % 16)
    fail("a tensor map's box is a multiple of 16 bytes wide, but %u bytes were "
         "given",
         boxColumns * 2);
  if (swizzle && boxColumns * 2 > swizzle)
    fail("a tensor map's box is at most as wide as the swizzle, but %u > %u "
         "bytes were given",
         boxColumns * 2, swizzle);
  const EncodedMap encoded{kMagic,   static_cast<const unsigned char *>(base),
                           columns,  rows,
                           rowBytes, boxColumns,
                           boxRows,  swizzle};
  memset(map, 0, sizeof(dit::TensorMap));
  memcpy(map, &encoded, sizeof encoded);
}

} // namespace simt

namespace dit::device {

using namespace simt;

unsigned shared_address(const void *p) {
  return kSharedBase +
         static_cast<unsigned>(static_cast<const unsigned char *>(p) -
                               running->shared);
}

void cp_async16(void *shared, const void *global, bool valid, Site site) {
  const Quiet quiet;
  machine->interrupt();
  offsetInShared(shared, 16, 16, "a cp.async", site);
  if (reinterpret_cast<uintptr_t>(global) % 16)
    fail(site, "a cp.async from global memory at no multiple of 16");
  const SmallCopy copy{static_cast<unsigned char *>(shared),
                       valid ? static_cast<const unsigned char *>(global)
                             : nullptr};
  noteWrite(shared, 16);
  if (valid) {
    noteRead(global, 16);
    // Where it is not memory, this is the place to find out.
    (void)*static_cast<const volatile unsigned char *>(global);
  }
  if (machine->schedule.late)
    self().openCopies.push_back(copy);
  else
    perform(copy);
}

void cp_async_commit(Site) {
  const Quiet quiet;
  machine->interrupt();
  self().copies.push_back(std::move(self().openCopies));
  self().openCopies.clear();
}

void cp_async_wait(int pending, Site) {
  const Quiet quiet;
  machine->interrupt();
  auto &groups = self().copies;
  while (static_cast<int>(groups.size()) > pending) {
    for (const SmallCopy &copy : groups.front())
      perform(copy);
    groups.pop_front();
  }
}

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

/// A block of the cluster that is still there.
static Block &ofCluster(unsigned rank, Site site) {
  if (rank >= machine->clusterBlocks)
    fail(site, "the cluster has %u blocks, but rank %u was named",
         machine->clusterBlocks, rank);
  Block &block = self().owner->cluster[rank];
  if (!block.alive)
    fail(site, "block %u of the cluster has exited", rank);
  return block;
}

void mbarrier_arrive_remote(mbarrier *bar, unsigned rank, Site site) {
  const Quiet quiet;
  machine->interrupt();
  const unsigned offset = mbarrierOffset(bar, site);
  arrive(ofCluster(rank, site), offset, 0, site);
}

void mbarrier_wait(mbarrier *bar, unsigned parity, Site site) {
  const Quiet quiet;
  machine->interrupt();
  const unsigned offset = mbarrierOffset(bar, site);
  Block &block = *self().owner;
  MBarrierState &state = stateOf(block, offset, site);
  if (parity > 1)
    fail(site, "a parity is 0 or 1, but %u was given", parity);
  if (state.parity == parity) {
    block.mbarrierWaiters.push_back({&self(), offset, parity});
    machine->block(
        {"mbarrier_wait at shared + %u for parity %u", offset, parity, site});
  }
  acquire(bar);
}

void fence_proxy_async() {
  const Quiet quiet;
  Block &block = *self().owner;
  const unsigned char *shared = block.memory->data();
  block.seenByAsync().assign(shared, shared + block.memory->size());
  fence_mbarrier_init();
}

void tma_load_2d_multicast(void *shared, const TensorMap *map, mbarrier *bar,
                           int x, int y, unsigned short blocks, Site site) {
  const Quiet quiet;
  machine->interrupt();
  EncodedMap encoded;
  memcpy(&encoded, map, sizeof encoded);
  if (encoded.magic != kMagic)
    fail(site, "TMA by something that is no tensor map");
  TmaCopy copy{encoded.base,
               encoded.columns,
               encoded.rows,
               encoded.rowBytes,
               encoded.boxColumns,
               encoded.boxRows,
               encoded.swizzle,
               x,
               y,
               {},
               0,
               mbarrierOffset(bar, site),
               site};
  copy.offset =
      offsetInShared(shared, encoded.boxColumns * 2 * encoded.boxRows,
                     encoded.swizzle ? encoded.swizzle * 8 : 128, "TMA", site);
  for (unsigned rank = 0; blocks >> rank; ++rank)
    if (blocks >> rank & 1) {
      Block &to = ofCluster(rank, site);
      if (!stateOf(to, copy.bar, site).fenced)
        fail(site, "TMA on an mbarrier without fence_mbarrier_init after its "
                   "initialisation");
      copy.to.push_back(&to);
    }
  release(copy.issued.get());
  machine->flying.push_back(std::move(copy));
  if (!machine->schedule.late)
    machine->land();
}

void tma_load_2d(void *shared, const TensorMap *map, mbarrier *bar, int x,
                 int y, Site site) {
  tma_load_2d_multicast(shared, map, bar, x, y, 1 << self().owner->rank, site);
}

} // namespace dit::device
