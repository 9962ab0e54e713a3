// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// TMA: boxes of tensors into shared memory, and what TMA and wgmma see of it. A
// copy takes effect at once, or when nothing else can run.
#include "Machine.h"
#include <cstring>

namespace simt {

std::vector<unsigned char> &Block::seenByAsync() {
  if (asyncView.empty())
    asyncView.assign(memory->size(), 0xff);
  return asyncView;
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
  MBarrierState &state = mbarrierAt(block, copy.bar, copy.site);
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

// Tells an encoded map from other bytes.
constexpr uint64_t kMapMagic = 0x7e45'0b3a'9c11'd17bu;

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
  const EncodedMap encoded{kMapMagic, static_cast<const unsigned char *>(base),
                           columns,   rows,
                           rowBytes,  boxColumns,
                           boxRows,   swizzle};
  memset(map, 0, sizeof(dit::TensorMap));
  memcpy(map, &encoded, sizeof encoded);
}

} // namespace simt

namespace dit::device {

using namespace simt;

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
  if (encoded.magic != kMapMagic)
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
      Block &to = blockOfCluster(rank, site);
      if (!mbarrierAt(to, copy.bar, site).fenced)
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
