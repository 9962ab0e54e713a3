// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Memory by /proc.
#include "ResidentMemory.h"

#include "Fixture.h"

#include <unistd.h>

#include <algorithm>
#include <sstream>

namespace dit::runtime::test {

/// Bytes of this process in memory.
static int64_t residentBytes() {
  int64_t total = 0, resident = 0;
  std::istringstream(readFile("/proc/self/statm")) >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

int64_t mostBytesWhileReading(WeightSource &weights, int32_t count,
                              int64_t elements) {
  int64_t before = residentBytes(), most = 0;
  float sum = 0;
  for (int32_t i = 0; i < count; ++i) {
    const float *w = weights.read(i);
    for (int64_t e = 0; e < elements; e += 16)
      sum += w[e];
    most = std::max(most, residentBytes() - before);
    weights.release(i);
  }
  EXPECT_EQ(sum, 0);
  return most;
}

} // namespace dit::runtime::test
