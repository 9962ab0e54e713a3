// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Device and pinned memory: between guard pages, NaN until written, and never
// given out twice, so that a use after the free is found. The host's code may
// touch device memory only while work on a stream runs.
#include "Standin.h"
#include "simt_device.h"
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>
#include <sys/mman.h>
#include <unistd.h>

namespace standin {

namespace {

constexpr size_t kPage = 4096;
constexpr size_t kGuard = 1 << 20; // before and behind each allocation
constexpr size_t kAlignment = 256; // cuMemAlloc's
constexpr unsigned char kSlackByte = 0xa5;

struct Allocation {
  unsigned char *mapped = nullptr, *begin = nullptr;
  size_t mappedBytes = 0, bytes = 0;
  bool pinned = false, live = true;
  int number = 0, device = 0;

  std::string show() const {
    return std::string(pinned ? "pinned" : "device") + " allocation " +
           std::to_string(number) + " (" + std::to_string(bytes) + " bytes)";
  }
};

/// By the page before them. Those that were freed stay, untouchable.
using Allocations = std::map<uintptr_t, Allocation>;
Allocations &allocations() {
  static auto *all = new Allocations;
  return *all;
}

int opened = 0;

/// The allocation whose pages, guards included, hold the address.
Allocation *find(const void *address) {
  const auto at = reinterpret_cast<uintptr_t>(address);
  auto next = allocations().upper_bound(at);
  if (next == allocations().begin())
    return nullptr;
  Allocation &found = std::prev(next)->second;
  return at < std::prev(next)->first + found.mappedBytes + 2 * kGuard ? &found
                                                                      : nullptr;
}

struct sigaction executorsReport[2];

/// Runs in the signal handler: the process ends with it.
void reportFault(int signal, siginfo_t *info, void *context) {
  const auto *at = static_cast<const unsigned char *>(info->si_addr);
  const Allocation *found = find(at);
  if (!found) {
    executorsReport[signal == SIGBUS].sa_sigaction(signal, info, context);
    _exit(3);
  }
  fputs("stand-in driver: error: ", stderr);
  if (!running().empty())
    fprintf(stderr, "%s, ", running().c_str());
  if (simt::running)
    fprintf(stderr, "block (%u,%u,%u), thread %u, ", simt::running->block.x,
            simt::running->block.y, simt::running->block.z,
            simt::running->thread.x);
  const bool inside = at >= found->begin && at < found->begin + found->bytes;
  if (!found->live)
    fprintf(stderr, "touches %s, which was freed", found->show().c_str());
  else if (inside && !opened)
    fprintf(stderr, "the host's code touches %s, which only the device may",
            found->show().c_str());
  else
    fprintf(stderr, "touches what is %ld bytes from the begin of %s",
            static_cast<long>(at - found->begin), found->show().c_str());
  leave();
}

void catchFaults() {
  // The executor's report comes first, whenever it would have come, so that
  // this one stands before it.
  static const simt::Region first("nothing", 0, 16);
  struct sigaction action{};
  action.sa_sigaction = reportFault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGSEGV, &action, &executorsReport[0]);
  sigaction(SIGBUS, &action, &executorsReport[1]);
}

void protect(const Allocation &allocation, bool usable) {
  mprotect(allocation.mapped, allocation.mappedBytes,
           usable ? PROT_READ | PROT_WRITE : PROT_NONE);
}

unsigned char *allocate(size_t bytes, bool pinned) {
  static const int once = (catchFaults(), 0);
  (void)once;
  static int number = 0;
  const size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  Allocation made;
  made.mappedBytes = (rounded + kPage - 1) / kPage * kPage;
  void *memory = mmap(nullptr, made.mappedBytes + 2 * kGuard, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    return nullptr;
  made.mapped = static_cast<unsigned char *>(memory) + kGuard;
  made.begin = made.mapped + made.mappedBytes - rounded;
  made.bytes = bytes;
  made.pinned = pinned;
  made.number = ++number;
  made.device = currentDevice();
  protect(made, true);
  memset(made.mapped, kSlackByte, made.mappedBytes);
  memset(made.begin, 0xff, bytes);
  protect(made, pinned || opened);
  allocations()[reinterpret_cast<uintptr_t>(memory)] = made;
  note("allocate %zu %s bytes", bytes, pinned ? "pinned" : "device");
  return made.begin;
}

void release(const void *address, bool pinned) {
  Allocation *found = find(address);
  if (!found || found->begin != address || found->pinned != pinned)
    misuse("%p is not what %s returned", address,
           pinned ? "cuMemAllocHost" : "cuMemAlloc");
  if (!found->live)
    misuse("%s was freed before", found->show().c_str());
  if (pinned)
    demandUnused({found->begin, found->bytes}, found->show().c_str());
  else
    finishAll(); // cuMemFree waits for the device, cuMemFreeHost does not say
                 // so
  protect(*found, true);
  for (const unsigned char *p = found->mapped;
       p < found->mapped + found->mappedBytes; ++p)
    if ((p < found->begin || p >= found->begin + found->bytes) &&
        *p != kSlackByte)
      misuse("somebody wrote %ld bytes from the begin of %s",
             static_cast<long>(p - found->begin), found->show().c_str());
  found->live = false;
  madvise(found->mapped, found->mappedBytes, MADV_DONTNEED);
  protect(*found, false);
}

} // namespace

Place placeOf(const void *address) {
  const Allocation *found = find(address);
  return !found          ? Place::Pageable
         : found->pinned ? Place::Pinned
                         : Place::Device;
}

void demand(Place place, Span span, const char *what) {
  const Allocation *found = find(span.begin);
  const auto *begin = static_cast<const unsigned char *>(span.begin);
  const char *want = place == Place::Device ? "device memory" : "pinned memory";
  if (!found)
    misuse("%s: expected %s, but %p is the host's", what, want, span.begin);
  if (found->pinned != (place == Place::Pinned))
    misuse("%s: expected %s, but found %s", what, want, found->show().c_str());
  if (!found->live)
    misuse("%s: in %s, which was freed", what, found->show().c_str());
  if (begin < found->begin || begin + span.bytes > found->begin + found->bytes)
    misuse("%s: %zu bytes, %ld bytes from the begin of %s", what, span.bytes,
           static_cast<long>(begin - found->begin), found->show().c_str());
  if (!found->pinned && found->device != currentDevice())
    misuse("%s: memory of device %d, the context on device %d", what,
           found->device, currentDevice());
}

Open::Open() {
  if (opened++)
    return;
  for (auto &[at, allocation] : allocations())
    if (allocation.live && !allocation.pinned)
      protect(allocation, true);
}

Open::~Open() {
  if (--opened)
    return;
  for (auto &[at, allocation] : allocations())
    if (allocation.live && !allocation.pinned)
      protect(allocation, false);
}

std::vector<std::string> liveAllocations(int device) {
  std::vector<std::string> list;
  for (auto &[at, allocation] : allocations())
    if (allocation.live && allocation.device == device)
      list.push_back(allocation.show());
  return list;
}

size_t usedBytes(int device) {
  size_t bytes = 0;
  for (auto &[at, allocation] : allocations())
    if (allocation.live && !allocation.pinned && allocation.device == device)
      bytes += allocation.bytes;
  return bytes;
}

} // namespace standin

using namespace standin;

CUresult cuMemAlloc(CUdeviceptr *address, size_t bytes) {
  const Call call("cuMemAlloc", Needs::NoCapture);
  if (bytes == 0)
    return CUDA_ERROR_INVALID_VALUE;
  if (usedBytes(currentDevice()) + bytes > settings().memory)
    return CUDA_ERROR_OUT_OF_MEMORY;
  unsigned char *made = allocate(bytes, false);
  if (!made)
    return CUDA_ERROR_OUT_OF_MEMORY;
  *address = reinterpret_cast<CUdeviceptr>(made);
  return CUDA_SUCCESS;
}

CUresult cuMemFree(CUdeviceptr address) {
  const Call call("cuMemFree", Needs::NoCapture);
  if (address)
    release(reinterpret_cast<void *>(address), false);
  return CUDA_SUCCESS;
}

CUresult cuMemAllocHost(void **address, size_t bytes) {
  const Call call("cuMemAllocHost", Needs::NoCapture);
  if (bytes == 0)
    return CUDA_ERROR_INVALID_VALUE;
  *address = allocate(bytes, true);
  return *address ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

CUresult cuMemFreeHost(void *address) {
  const Call call("cuMemFreeHost", Needs::NoCapture);
  release(address, true);
  return CUDA_SUCCESS;
}

CUresult cuMemGetInfo(size_t *free, size_t *total) {
  const Call call("cuMemGetInfo");
  *total = settings().memory;
  *free = *total - std::min(*total, usedBytes(currentDevice()));
  return CUDA_SUCCESS;
}
