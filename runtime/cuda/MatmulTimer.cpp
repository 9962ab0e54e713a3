// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/cuda/MatmulTimer.h"

#include "runtime/Error.h"
#include "runtime/SeededWeights.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace dit::runtime::cuda {

static int64_t padded(int64_t bytes) { return (bytes + 255) / 256 * 256; }

MatmulTimer::MatmulTimer(std::shared_ptr<const Gpu> onGpu,
                         const MatmulProblem &problem, Stream stream)
    : gpu(std::move(onGpu)), problem(problem), stream(stream),
      begin(gpu, /*timed=*/true), end(gpu, /*timed=*/true) {
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
    memory =
        tryAllocate(gpu, xBytes + biasBytes + outBytes + copies * weightBytes,
                    "memory to time matmuls in");
    return memory.data() != nullptr;
  };
  if (!take()) {
    if (copies == 1)
      return false;
    copies = 1;
    if (!take())
      return false;
  }
  fill();
  return true;
}

/// Uniform in (-1, 1): a matmul of zeros takes less power, and so less time.
void MatmulTimer::fill() {
  constexpr int64_t kFloats = 1 << 18;
  std::vector<float> values(kFloats);
  fillUniform("matmul", 0, values);
  std::vector<uint16_t> halves(kFloats);
  for (int64_t i = 0; i < kFloats; ++i)
    halves[i] = std::bit_cast<uint32_t>(values[i]) >> 16;
  CurrentContext current(*gpu);
  const Driver &driver = gpu->driver;
  const auto all = reinterpret_cast<DevicePointer>(memory.data());
  auto put = [&](int64_t offset, int64_t bytes, bool isHalf) {
    const int64_t most = isHalf ? kFloats * 2 : kFloats * 4;
    const void *from = isHalf ? static_cast<const void *>(halves.data())
                              : static_cast<const void *>(values.data());
    for (int64_t at = 0; at < bytes; at += most)
      driver.check(driver.cuMemcpyHtoDAsync(all + offset + at, from,
                                            std::min(most, bytes - at), stream),
                   "values to time matmuls with");
  };
  const bool isHalf = problem.shape.inputBytes() == 2;
  put(0, xBytes, isHalf);
  put(xBytes, biasBytes, problem.shape.outputBytes() == 2);
  put(xBytes + biasBytes + outBytes, copies * weightBytes, isHalf);
  driver.check(driver.cuStreamSynchronize(stream),
               "values to time matmuls with");
}

MatmulAddresses MatmulTimer::addresses(int64_t copy) const {
  auto at = [&](int64_t offset) { return memory.as<char>() + offset; };
  const int64_t out = xBytes + biasBytes;
  return {at(0), at(out + outBytes + copy * weightBytes),
          problem.shape.epilogue == "none" ? nullptr : at(xBytes), at(out)};
}

double MatmulTimer::time(const lt::Candidate &candidate, void *workspace,
                         int launches) {
  CurrentContext current(*gpu);
  begin.record(stream);
  for (int i = 0; i < launches; ++i) {
    next = (next + 1) % copies;
    if (problem.enqueue(candidate.algorithm, addresses(next), workspace,
                        candidate.workspaceBytes, stream) != lt::kSuccess)
      return -1;
  }
  end.record(stream);
  end.wait();
  return 1e6 * std::max(0.0, end.secondsSince(begin)) / launches;
}

/// Runs of about a millisecond, so that the gaps between launches weigh little.
double MatmulTimer::median(const lt::Candidate &candidate, void *workspace,
                           double bestSoFar) {
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
                     void *workspace) {
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
