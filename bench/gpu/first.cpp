// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Launches the kernels of first.cu; GpuExecutor.cpp prints what each took.
// What they compute is checked by test/simt, in smaller sizes.
#include "Check.h"
#include "Simt.h"
#include <cstdlib>

using namespace check;

struct alignas(64) TensorMap {
  unsigned long long opaque[16];
};
extern "C" void fc1(TensorMap, TensorMap, const float *, Bf16 *, int);
extern "C" void fc2(TensorMap, TensorMap, const float *, const float *,
                    const float *, float *, int);
extern "C" void nothing(float *);
extern "C" void ingest(TensorMap, TensorMap, int);

namespace {

TensorMap mapOf(const Buffer<Bf16> &matrix, unsigned depth, unsigned boxRows) {
  TensorMap map;
  simt::encodeTensorMap(&map, matrix.data(), depth, matrix.size() / depth,
                        depth * 2, 64, boxRows, 128);
  return map;
}

/// Bytes of shared memory that a ring's stages take.
size_t ringBytes(int stages, int rows) { return stages * (rows * 128 + 16); }

} // namespace

int main() {
  // A stand-in for a GPU takes long for products.
  const bool isSmall = std::getenv("DIT_GPU_SMALL");
  const unsigned kTokens = 512, steps = isSmall ? 9 : 72;
  const simt::Schedule schedule;
  Buffer<float> one("one", 128); // of each block
  simt::launch({{32, 2, 2}, {256}, 0, {2, 2}}, schedule,
               [&] { nothing(one.data()); });

  const auto hidden = randomBf16("hidden", kTokens * 4608, 1);
  const auto down = randomBf16("down", 1152 * 4608, 2, 0.02);
  simt::launch({{12, 4, 2}, {256}, ringBytes(8, 160), {2, 4}}, schedule, [&] {
    ingest(mapOf(hidden, 4608, 32), mapOf(down, 4608, 24), steps);
  });
  if (isSmall)
    return 0;

  const auto bias = randomFloats("bias", 4608, 3);
  const auto residual = randomFloats("residual", kTokens * 1152, 4);
  Buffer<float> out("out", kTokens * 1152);
  simt::launch({{16, 2, 4}, {256}, ringBytes(8, 144), {2, 2}}, schedule, [&] {
    fc2(mapOf(hidden, 4608, 32), mapOf(down, 4608, 40), bias.data(),
        bias.data(), residual.data(), out.data(), kTokens);
  });
  const auto x = randomBf16("x", kTokens * 1152, 5);
  const auto up = randomBf16("up", 4608 * 1152, 6, 0.03);
  Buffer<Bf16> wide("wide", kTokens * 4608);
  simt::launch({{32, 2, 2}, {384}, ringBytes(6, 272), {2, 2}}, schedule, [&] {
    fc1(mapOf(x, 1152, 64), mapOf(up, 1152, 72), bias.data(), wide.data(),
        kTokens);
  });
}
