// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs kernels on the host: a launch's threads are fibers on one OS thread, and
// everything that a thread may wait for is the executor's. This is the side
// that tests call; kernels see simt_device.h.
#ifndef DIT_SIMT_SIMT_H
#define DIT_SIMT_SIMT_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace simt {

struct Index {
  unsigned x = 1, y = 1, z = 1;
};

/// Which thread runs next, of those that can.
enum class Order {
  Forward, ///< the next one: lanes upwards, then the next warp
  Reverse, ///< the one before
  Lowest,  ///< always the lowest thread: the last ones starve
  Highest, ///< always the highest
  Random,  ///< any, and threads are interrupted at asynchronous operations too
};

struct Schedule {
  Order order = Order::Forward;
  unsigned seed = 0; ///< of Order::Random
  /// Whether asynchronous copies and wgmmas take effect as late as their waits
  /// allow, or at once.
  bool late = true;

  std::string name() const; ///< "reverse, eager"
};

/// Every order with and without delay; `few` is the shortest list that has each
/// kind once, for builds with a sanitizer.
std::vector<Schedule> allSchedules();
std::vector<Schedule> fewSchedules();

struct LaunchShape {
  Index grid, block;
  size_t sharedBytes = 0;
  Index cluster{};
  /// How many clusters run interleaved; the next ones start when all of these
  /// are done. A persistent kernel needs its whole grid resident.
  unsigned residentClusters = 1;
};

/// Calls `kernel` once for every thread. What a GPU would hang on, trap on or
/// leave undefined ends the process: a sentence on stderr, exit code 3.
void launch(const LaunchShape &shape, const Schedule &schedule,
            const std::function<void()> &kernel);

/// Memory between two pages that may not be touched; its end is `slack` bytes
/// before the second, and is watched too. A stray access of a kernel becomes a
/// sentence with the region's name.
class Region {
public:
  Region(std::string name, size_t bytes, size_t alignment);
  ~Region();
  Region(const Region &) = delete;

  unsigned char *data() const { return begin; }
  size_t size() const { return bytes; }
  /// Ends the process if the bytes between the end and the page were written.
  void checkSlack() const;

  std::string name;

private:
  friend struct FaultReport;
  size_t bytes, mappedBytes;
  unsigned char *mapped, *begin;
};

/// What the tensor-map encoder of a driver is given, for a row-major matrix of
/// bf16; `map` points at 128 bytes, aligned to 64. `swizzle` is 0 or the width
/// in bytes: 32, 64, 128. Ends the process where the driver would refuse.
void encodeTensorMap(void *map, const void *base, uint64_t columns,
                     uint64_t rows, uint64_t rowBytes, unsigned boxColumns,
                     unsigned boxRows, unsigned swizzle);

} // namespace simt

#endif // DIT_SIMT_SIMT_H
