// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Small memory from the heap, so that sanitizers see its ends; large memory
// from mmap, aligned for huge pages.
#include "runtime/Memory.h"

#include "runtime/Error.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <utility>

namespace dit::runtime {

static constexpr size_t hugePage = size_t{2} << 20;

/// Maps `length` (a multiple of hugePage) bytes at a multiple of hugePage.
static void *mapAligned(size_t length) {
  size_t reserved = length + hugePage;
  void *base = mmap(nullptr, reserved, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED)
    return nullptr;
  auto first = reinterpret_cast<uintptr_t>(base);
  uintptr_t aligned = (first + hugePage - 1) / hugePage * hugePage;
  if (aligned > first)
    munmap(base, aligned - first);
  if (size_t tail = first + reserved - (aligned + length))
    munmap(reinterpret_cast<void *>(aligned + length), tail);
  void *result = reinterpret_cast<void *>(aligned);
  madvise(result, length, MADV_HUGEPAGE); // a wish; failure costs only speed
  return result;
}

Memory::Memory(int64_t bytes, const char *what) : size(bytes) {
  constexpr int64_t largest = int64_t{1} << 46;
  if (bytes < 0 || bytes > largest)
    fail("{} would need {} bytes of memory, more than a machine has", what,
         bytes);
  auto count = static_cast<size_t>(bytes);
  if (count < 2 * hugePage) {
    size_t rounded = (count + 64) / 64 * 64;
    address = std::aligned_alloc(64, rounded);
    if (address)
      std::memset(address, 0, rounded);
  } else {
    mapped = (count + hugePage - 1) / hugePage * hugePage;
    address = mapAligned(mapped);
  }
  if (!address)
    fail("{} of memory for {} cannot be had", showBytes(bytes), what);
}

Memory::~Memory() {
  if (mapped)
    munmap(address, mapped);
  else
    std::free(address);
}

Memory::Memory(Memory &&other) noexcept { *this = std::move(other); }

Memory &Memory::operator=(Memory &&other) noexcept {
  std::swap(address, other.address);
  std::swap(size, other.size);
  std::swap(mapped, other.mapped);
  return *this;
}

std::string showBytes(double bytes) {
  const char *units[] = {"B", "KB", "MB", "GB", "TB"};
  int unit = 0;
  while (bytes >= 1000 && unit < 4) {
    bytes /= 1000;
    ++unit;
  }
  return unit == 0 || bytes >= 10
             ? fmt::format("{:.0f} {}", bytes, units[unit])
             : fmt::format("{:.1f} {}", bytes, units[unit]);
}

} // namespace dit::runtime
