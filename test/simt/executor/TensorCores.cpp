// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ldmatrix, mma.sync and the conversions that go with them.
#include "Machine.h"
#include <cstring>

namespace simt {

static float lowHalf(unsigned pair) { return widenBf16(pair & 0xffffu); }
static float highHalf(unsigned pair) { return widenBf16(pair >> 16); }

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

/// Off by the ulp that the hardware may be off by, up or down as x has it.
float rcp(float x) {
  const float y = 1.f / x;
  if (!std::isnormal(y))
    return std::isfinite(y) ? std::copysign(0.f, y) : y;
  const unsigned hash = __float_as_uint(x) * 2654435769u >> 30;
  const unsigned bits = __float_as_uint(y) + (hash == 3) - (hash == 0);
  return __uint_as_float(bits);
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

} // namespace dit::device
