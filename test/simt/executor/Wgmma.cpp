// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wgmma: it reads its operands and writes its accumulators at once, or only
// when a wait demands it.
#include "Machine.h"
#include <cstring>

namespace simt {

// Fields of a wgmma's descriptor of an operand in shared memory.
static unsigned startOf(uint64_t d) { return (d & 0x3fff) << 4; }
static unsigned strideOf(uint64_t d) { return (d >> 32 & 0x3fff) << 4; }
static unsigned swizzleOf(uint64_t d) {
  static const unsigned widths[] = {0, 128, 64, 32};
  return widths[d >> 62];
}

/// 16 elements of one row of an operand.
static void operandRow(Block &block, uint64_t descriptor, int row,
                       float (&to)[16]) {
  const unsigned width = swizzleOf(descriptor);
  const auto &view = block.seenByAsync();
  for (int half = 0; half < 2; ++half) {
    const unsigned linear = startOf(descriptor) +
                            row / 8 * strideOf(descriptor) + row % 8 * width +
                            half * 16;
    const unsigned at = swizzled(linear, width) - kSharedBase;
    if (at + 16 > view.size())
      fail("a wgmma reads shared + %u, but the block has %zu bytes", at,
           view.size());
    noteRead(block.memory->data() + at, 16);
    uint16_t words[8];
    memcpy(words, &view[at], 16);
    for (int i = 0; i < 8; ++i)
      to[half * 8 + i] = widenBf16(words[i]);
  }
}

static void keepContents(Warp &warp, const WgmmaOp &op) {
  warp.contents.resize(32 * op.n / 2);
  for (int l = 0; l < 32; ++l) {
    warp.accumulators[l] = op.d[l];
    memcpy(&warp.contents[l * (op.n / 2)], op.d[l], op.n / 2 * sizeof(float));
  }
}

static bool contentsKept(const Warp &warp, const WgmmaOp &op) {
  if (warp.contents.size() != size_t(32 * op.n / 2))
    return false;
  for (int l = 0; l < 32; ++l)
    if (warp.accumulators[l] != op.d[l] ||
        memcmp(&warp.contents[l * (op.n / 2)], op.d[l],
               op.n / 2 * sizeof(float)))
      return false;
  return true;
}

static void perform(Thread &thread, const WgmmaOp &op) {
  Block &block = *thread.owner;
  const int row0 = thread.inBlock / 32 % 4 * 16;
  float a[16][16], b[256][16];
  for (int i = 0; i < 16; ++i)
    operandRow(block, op.a, row0 + i, a[i]);
  for (int j = 0; j < op.n; ++j)
    operandRow(block, op.b, j, b[j]);
  for (int l = 0; l < 32; ++l)
    for (int j = 0; j < op.n / 8; ++j)
      for (int i = 0; i < 4; ++i) {
        const int row = l / 4 + i / 2 * 8, column = j * 8 + l % 4 * 2 + i % 2;
        float sum = 0;
        for (int k = 0; k < 16; ++k)
          sum += a[row][k] * b[column][k];
        float &d = op.d[l][j * 4 + i];
        d = (op.accumulate ? d : 0.f) + sum;
      }
  keepContents(*thread.warp, op);
  release(thread.warp); // to every lane that waits for it
}

/// All lanes, and all four warps of a warpgroup, name the same operands.
static void checkAgreement(Thread &thread, const WgmmaOp &op, Site site) {
  Block &block = *thread.owner;
  Warp &warp = *thread.warp;
  if (thread.inBlock / 128 >= block.wgmmaLog.size())
    fail(site, "a wgmma needs a warpgroup of 128 threads");
  auto &log = block.wgmmaLog[thread.inBlock / 128];
  if (warp.wgmmasIssued == log.size())
    log.push_back(op);
  const WgmmaOp &first = log[warp.wgmmasIssued++];
  if (first.n != op.n || first.a != op.a || first.b != op.b ||
      first.accumulate != op.accumulate)
    fail(site,
         "wgmma %u of this warp differs from that of another warp of its "
         "warpgroup",
         warp.wgmmasIssued);
}

struct WgmmaOperands {
  WgmmaOp op;
  Site site;
};

static void issue(void **arguments) {
  auto **lanes = reinterpret_cast<WgmmaOperands **>(arguments);
  Thread &thread = self();
  Warp &warp = *thread.warp;
  WgmmaOp op = lanes[0]->op;
  const Site site = lanes[0]->site;
  for (int l = 0; l < 32; ++l) {
    const WgmmaOp &other = lanes[l]->op;
    if (other.n != op.n || other.a != op.a || other.b != op.b ||
        other.accumulate != op.accumulate)
      fail(site, "lane %d's wgmma has other operands than lane 0's", l);
    op.d[l] = other.d[0];
  }
  for (uint64_t descriptor : {op.a, op.b})
    if (!swizzleOf(descriptor) || (descriptor >> 49 & 7))
      fail(site,
           "only swizzled operands without base offset are modelled, but "
           "the descriptor is %016llx",
           static_cast<unsigned long long>(descriptor));
  checkAgreement(thread, op, site);
  if (!warp.everFenced)
    fail(site, "the first wgmma needs a wgmma_fence before it");
  if (!warp.fenced && !contentsKept(warp, op))
    fail(site, "the accumulators were written since the last wgmma_fence");
  warp.fenced = false;
  if (machine->schedule.late) {
    keepContents(warp, op);
    warp.openWgmmas.push_back(op);
  } else {
    perform(thread, op);
  }
}

} // namespace simt

namespace dit::device {

using namespace simt;

void wgmma_fence(Site site) {
  const Quiet quiet;
  collective(~0u, nullptr, "wgmma_fence", site, [](void **) {
    self().warp->everFenced = self().warp->fenced = true;
  });
}

void wgmma_commit(Site site) {
  const Quiet quiet;
  collective(~0u, nullptr, "wgmma_commit", site, [](void **) {
    Warp &warp = *self().warp;
    warp.wgmmas.push_back(std::move(warp.openWgmmas));
    warp.openWgmmas.clear();
  });
}

void wgmma_wait(int pending, Site site) {
  const Quiet quiet;
  static int most; // for the last lane, which runs the collective
  most = pending;
  collective(~0u, nullptr, "wgmma_wait", site, [](void **) {
    Warp &warp = *self().warp;
    while (static_cast<int>(warp.wgmmas.size()) > most) {
      for (const WgmmaOp &op : warp.wgmmas.front())
        perform(self(), op);
      warp.wgmmas.pop_front();
    }
  });
  acquire(self().warp);
}

void wgmma(int n, float *d, unsigned long long a, unsigned long long b,
           int accumulate, Site site) {
  const Quiet quiet;
  WgmmaOperands mine{{n, {d}, a, b, accumulate != 0}, site};
  collective(~0u, &mine, "wgmma", site, issue);
}

} // namespace dit::device
