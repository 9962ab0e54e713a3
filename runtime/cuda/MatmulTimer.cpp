// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/cuda/MatmulTimer.h"

#include "runtime/Error.h"
#include "runtime/SeededWeights.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace dit::runtime::cuda {

static int64_t padded(int64_t bytes) { return (bytes + 255) / 256 * 256; }

MatmulTimer::MatmulTimer(const Driver &driver, const MatmulProblem &problem,
                         Stream stream)
    : driver(driver), problem(problem), stream(stream) {
  const MatmulShape &shape = problem.shape;
  xBytes = padded(shape.m * shape.k * shape.inputBytes());
  weightBytes = padded(shape.n * shape.k * shape.inputBytes());
  biasBytes = padded(shape.n * shape.outputBytes());
  outBytes = padded(shape.m * shape.n * shape.outputBytes());
}

bool MatmulTimer::takeMemory() {
  constexpr int64_t kBeyondCaches = 128 << 20, kMostCopies = 16;
  copies = std::clamp<int64_t>(kBeyondCaches / weightBytes, 1, kMostCopies);
  auto take = [&] {
    return driver.cuMemAlloc(&memory, xBytes + biasBytes + outBytes +
                                          copies * weightBytes);
  };
  Result result = take();
  if (result == outOfMemory && copies > 1) {
    copies = 1;
    result = take();
  }
  if (result == outOfMemory)
    return false;
  driver.check(result, "memory to time matmuls in");
  driver.check(driver.cuEventCreate(&begin, eventDefault), "an event");
  driver.check(driver.cuEventCreate(&end, eventDefault), "an event");
  fill();
  return true;
}

MatmulTimer::~MatmulTimer() {
  for (Event event : {begin, end})
    if (event)
      driver.cuEventDestroy(event);
  if (memory)
    driver.cuMemFree(memory);
}

/// Uniform in (-1, 1): a matmul of zeros takes less power, and so less time.
void MatmulTimer::fill() {
  constexpr int64_t kFloats = 1 << 18;
  std::vector<float> values(kFloats);
  fillUniform("matmul", 0, values);
  std::vector<uint16_t> halves(kFloats);
  for (int64_t i = 0; i < kFloats; ++i)
    halves[i] = std::bit_cast<uint32_t>(values[i]) >> 16;
  auto put = [&](DevicePointer to, int64_t bytes, bool isHalf) {
    const int64_t most = isHalf ? kFloats * 2 : kFloats * 4;
    const void *from = isHalf ? static_cast<const void *>(halves.data())
                              : static_cast<const void *>(values.data());
    for (int64_t at = 0; at < bytes; at += most)
      driver.check(driver.cuMemcpyHtoDAsync(to + at, from,
                                            std::min(most, bytes - at), stream),
                   "values to time matmuls with");
  };
  const bool isHalf = problem.shape.inputBytes() == 2;
  put(memory, xBytes, isHalf);
  put(memory + xBytes, biasBytes, problem.shape.outputBytes() == 2);
  put(memory + xBytes + biasBytes + outBytes, copies * weightBytes, isHalf);
  driver.check(driver.cuStreamSynchronize(stream),
               "values to time matmuls with");
}

MatmulAddresses MatmulTimer::addresses(int64_t copy) const {
  auto at = [&](int64_t offset) {
    return reinterpret_cast<void *>(memory + offset);
  };
  const int64_t out = xBytes + biasBytes;
  return {at(0), at(out + outBytes + copy * weightBytes),
          problem.shape.epilogue == "none" ? nullptr : at(xBytes), at(out)};
}

double MatmulTimer::time(const lt::Candidate &candidate,
                         DevicePointer workspace, int launches) {
  driver.check(driver.cuEventRecord(begin, stream), "timing a matmul");
  for (int i = 0; i < launches; ++i) {
    next = (next + 1) % copies;
    if (problem.enqueue(candidate.algorithm, addresses(next),
                        reinterpret_cast<void *>(workspace),
                        candidate.workspaceBytes, stream) != lt::kSuccess)
      return -1;
  }
  driver.check(driver.cuEventRecord(end, stream), "timing a matmul");
  driver.check(driver.cuEventSynchronize(end), "timing a matmul");
  float milliseconds = 0;
  driver.check(driver.cuEventElapsedTime(&milliseconds, begin, end),
               "timing a matmul");
  return std::max(0.0, 1e3 * milliseconds / launches);
}

/// Runs of about a millisecond, so that the gaps between launches weigh little.
double MatmulTimer::median(const lt::Candidate &candidate,
                           DevicePointer workspace, double bestSoFar) {
  if (time(candidate, workspace, 1) < 0) // loads the kernel
    return -1;
  const double once = time(candidate, workspace, 1);
  if (once < 0 || (bestSoFar >= 0 && once > 3 * bestSoFar + 20))
    return -1; // hopeless, whatever the noise
  const int launches =
      static_cast<int>(std::clamp(1000 / std::max(once, 1.0), 1.0, 50.0));
  double times[5];
  for (double &run : times)
    if ((run = time(candidate, workspace, launches)) < 0)
      return -1;
  std::nth_element(times, times + 2, times + 5);
  return times[2];
}

MatmulTimer::Fastest
MatmulTimer::fastest(const std::vector<lt::Candidate> &candidates,
                     DevicePointer workspace) {
  Fastest best = {{}, -1};
  for (const lt::Candidate &candidate : candidates) {
    const double took = median(candidate, workspace, best.microseconds);
    if (took >= 0 && (best.microseconds < 0 || took < best.microseconds))
      best = {candidate, took};
  }
  if (best.microseconds < 0)
    fail("none of cuBLASLt's {} algorithms for matmul {} runs on this GPU",
         candidates.size(), problem.shape.show());
  return best;
}

} // namespace dit::runtime::cuda
