// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Memory between guard pages, and the sentence for a thread that leaves it.
#include "Machine.h"
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

#ifdef SIMT_ASAN
extern "C" void __asan_poison_memory_region(void const volatile *, size_t);
extern "C" void __asan_unpoison_memory_region(void const volatile *, size_t);
#endif

namespace simt {

constexpr size_t kPage = 4096;
constexpr unsigned char kSlackByte = 0xa5;

static std::vector<const Region *> &regions() {
  static std::vector<const Region *> list;
  return list;
}

/// Runs in the signal handler: the process ends with it.
struct FaultReport {
  static void handle(int, siginfo_t *info, void *) {
    const auto *at = static_cast<const unsigned char *>(info->si_addr);
    fputs("simt: error: ", stderr);
    if (machine && machine->self)
      fprintf(stderr, "block (%u,%u,%u), thread %u: ", running->block.x,
              running->block.y, running->block.z, machine->self->inBlock);
    for (const Region *region : regions())
      if (at >= region->mapped - kPage &&
          at < region->mapped + region->mappedBytes + kPage) {
        fprintf(stderr,
                "an access %ld bytes from the begin of %s, which has %zu\n",
                static_cast<long>(at - region->begin), region->name.c_str(),
                region->bytes);
        _exit(3);
      }
    if (at)
      fprintf(stderr, "an access to %p, which is no memory\n",
              static_cast<const void *>(at));
    else
      fputs("an access to no memory, or not aligned to its size\n", stderr);
    _exit(3);
  }

  FaultReport() {
    static unsigned char alternate[64 << 10];
    stack_t stack{};
    stack.ss_sp = alternate;
    stack.ss_size = sizeof alternate;
    sigaltstack(&stack, nullptr);
    struct sigaction action{};
    action.sa_sigaction = handle;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    for (int signal : {SIGSEGV, SIGBUS})
      sigaction(signal, &action, nullptr);
  }
};

Region::Region(std::string name, size_t bytes, size_t alignment)
    : name(std::move(name)), bytes(bytes) {
  static const FaultReport report;
  const size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  mappedBytes = std::max(kPage, (rounded + kPage - 1) / kPage * kPage);
  void *memory = mmap(nullptr, mappedBytes + 2 * kPage, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    fail("no memory for %zu bytes of %s", bytes, this->name.c_str());
  mapped = static_cast<unsigned char *>(memory) + kPage;
  mprotect(mapped, mappedBytes, PROT_READ | PROT_WRITE);
  begin = mapped + mappedBytes - rounded;
  memset(begin, 0xff, bytes);
  memset(mapped, kSlackByte, begin - mapped);
  memset(begin + bytes, kSlackByte, rounded - bytes);
#ifdef SIMT_ASAN
  __asan_poison_memory_region(mapped, begin - mapped);
  __asan_poison_memory_region(begin + bytes, rounded - bytes);
#endif
  regions().push_back(this);
}

Region::~Region() {
  std::erase(regions(), this);
#ifdef SIMT_ASAN
  __asan_unpoison_memory_region(mapped, mappedBytes);
#endif
  munmap(mapped - kPage, mappedBytes + 2 * kPage);
}

void Region::checkSlack() const {
#ifndef SIMT_ASAN // which has told before
  for (const unsigned char *p = mapped; p < mapped + mappedBytes; ++p)
    if ((p < begin || p >= begin + bytes) && *p != kSlackByte)
      fail("a write %ld bytes from the begin of %s, which has %zu",
           static_cast<long>(p - begin), name.c_str(), bytes);
#endif
}

} // namespace simt
