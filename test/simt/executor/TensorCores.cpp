// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ldmatrix, mma.sync and wgmma. A wgmma reads its operands and writes its
// accumulators at once, or only when a wait demands it.
#include "Machine.h"
#include <cstring>

namespace simt {

static float widen(unsigned bits) { return __uint_as_float(bits << 16); }
static float lowHalf(unsigned pair) { return widen(pair & 0xffffu); }
static float highHalf(unsigned pair) { return widen(pair >> 16); }

struct MatrixRow {
  unsigned *r;
  const void *row;
  uint16_t words[8]; ///< what the row held when its lane came, if read then
};

static void loadMatrix(unsigned (&r)[4], const void *row, const char *what,
                       Site site, bool transposed) {
  const Quiet quiet;
  offsetInShared(row, 16, 16, what, site);
  noteRead(row, 16);
  MatrixRow mine{r, row, {}};
  memcpy(mine.words, row, 16);
  auto load = [](void **arguments, bool transposed) {
    auto **lanes = reinterpret_cast<MatrixRow **>(arguments);
    for (int matrix = 0; matrix < 4; ++matrix) {
      uint16_t m[8][8];
      for (int i = 0; i < 8; ++i)
        memcpy(m[i],
               machine->schedule.late ? lanes[matrix * 8 + i]->row
                                      : lanes[matrix * 8 + i]->words,
               16);
      for (int l = 0; l < 32; ++l) {
        const int i = l / 4, j = l % 4 * 2;
        const uint16_t low = transposed ? m[j][i] : m[i][j];
        const uint16_t high = transposed ? m[j + 1][i] : m[i][j + 1];
        lanes[l]->r[matrix] = low | unsigned(high) << 16;
      }
    }
  };
  static constexpr auto run = load;
  if (transposed)
    collective(~0u, &mine, what, site, [](void **a) { run(a, true); });
  else
    collective(~0u, &mine, what, site, [](void **a) { run(a, false); });
}

struct MmaOperands {
  float *d;
  const unsigned *a;
  unsigned b0, b1;
};

/// d += a b over `depth`, with the fragments already unpacked.
static void accumulate(MmaOperands **lanes, const float (*a)[16],
                       const float (*b)[16], int depth) {
  for (int l = 0; l < 32; ++l)
    for (int i = 0; i < 4; ++i) {
      const int row = l / 4 + i / 2 * 8, column = l % 4 * 2 + i % 2;
      float sum = 0;
      for (int k = 0; k < depth; ++k)
        sum += a[row][k] * b[column][k];
      lanes[l]->d[i] += sum;
    }
}

static void multiplyBf16(void **arguments) {
  auto **lanes = reinterpret_cast<MmaOperands **>(arguments);
  float a[16][16], b[8][16];
  for (int l = 0; l < 32; ++l) {
    const int row = l / 4, k = l % 4 * 2;
    for (int part = 0; part < 4; ++part) {
      float *to = &a[row + part % 2 * 8][k + part / 2 * 8];
      to[0] = lowHalf(lanes[l]->a[part]);
      to[1] = highHalf(lanes[l]->a[part]);
    }
    b[row][k] = lowHalf(lanes[l]->b0);
    b[row][k + 1] = highHalf(lanes[l]->b0);
    b[row][k + 8] = lowHalf(lanes[l]->b1);
    b[row][k + 9] = highHalf(lanes[l]->b1);
  }
  accumulate(lanes, a, b, 16);
}

static void multiplyTf32(void **arguments) {
  auto **lanes = reinterpret_cast<MmaOperands **>(arguments);
  // The unit reads the upper 19 bits only.
  auto tf32 = [](unsigned bits) { return __uint_as_float(bits & 0xffffe000u); };
  float a[16][16], b[8][16];
  for (int l = 0; l < 32; ++l) {
    const int row = l / 4, k = l % 4;
    for (int part = 0; part < 4; ++part)
      a[row + part % 2 * 8][k + part / 2 * 4] = tf32(lanes[l]->a[part]);
    b[row][k] = tf32(lanes[l]->b0);
    b[row][k + 4] = tf32(lanes[l]->b1);
  }
  accumulate(lanes, a, b, 8);
}

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
      to[half * 8 + i] = widen(words[i]);
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

unsigned pack_bf16x2(float low, float high) {
  auto round = [](float f) -> unsigned {
    const unsigned u = __float_as_uint(f);
    if ((u & 0x7fffffffu) > 0x7f800000u)
      return 0x7fff;
    return (u + 0x7fff + (u >> 16 & 1)) >> 16;
  };
  return round(low) | round(high) << 16;
}

unsigned to_tf32(float x) {
  return (__float_as_uint(x) + 0x1000u) & 0xffffe000u;
}

void ldmatrix_x4(unsigned (&r)[4], const void *row, Site site) {
  loadMatrix(r, row, "ldmatrix_x4", site, false);
}

void ldmatrix_x4_trans(unsigned (&r)[4], const void *row, Site site) {
  loadMatrix(r, row, "ldmatrix_x4_trans", site, true);
}

void mma_m16n8k16_bf16(float (&d)[4], const unsigned (&a)[4], unsigned b0,
                       unsigned b1, Site site) {
  const Quiet quiet;
  MmaOperands mine{d, a, b0, b1};
  collective(~0u, &mine, "mma_m16n8k16_bf16", site, multiplyBf16);
}

void mma_m16n8k8_tf32(float (&d)[4], const unsigned (&a)[4], unsigned b0,
                      unsigned b1, Site site) {
  const Quiet quiet;
  MmaOperands mine{d, a, b0, b1};
  collective(~0u, &mine, "mma_m16n8k8_tf32", site, multiplyTf32);
}

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
