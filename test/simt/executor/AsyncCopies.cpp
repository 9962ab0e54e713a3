// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Addresses of shared memory, and cp.async: a copy takes effect at once, or
// when the thread that waits for it gets there.
#include "Machine.h"
#include <cstring>

namespace simt {

unsigned offsetInShared(const void *p, size_t bytes, size_t alignment,
                        const char *what, Site site) {
  const Region &memory = *self().owner->memory;
  const long offset = static_cast<const unsigned char *>(p) - memory.data();
  if (offset < 0 || offset + bytes > memory.size())
    fail(site, "%s of %zu bytes at shared + %ld, but the block has %zu bytes",
         what, bytes, offset, memory.size());
  if (offset % alignment)
    fail(site, "%s at shared + %ld, which must be a multiple of %zu", what,
         offset, alignment);
  return static_cast<unsigned>(offset);
}

static void perform(const SmallCopy &copy) {
  noteWrite(copy.to, 16);
  if (copy.from)
    memcpy(copy.to, copy.from, 16);
  else
    memset(copy.to, 0, 16);
}

} // namespace simt

namespace dit::device {

using namespace simt;

unsigned shared_address(const void *p) {
  return kSharedBase +
         static_cast<unsigned>(static_cast<const unsigned char *>(p) -
                               running->shared);
}

void cp_async16(void *shared, const void *global, bool valid, Site site) {
  const Quiet quiet;
  machine->interrupt();
  offsetInShared(shared, 16, 16, "a cp.async", site);
  if (reinterpret_cast<uintptr_t>(global) % 16)
    fail(site, "a cp.async from global memory at no multiple of 16");
  const SmallCopy copy{static_cast<unsigned char *>(shared),
                       valid ? static_cast<const unsigned char *>(global)
                             : nullptr};
  noteWrite(shared, 16);
  if (valid) {
    noteRead(global, 16);
    // Where it is not memory, this is the place to find out.
    (void)*static_cast<const volatile unsigned char *>(global);
  }
  if (machine->schedule.late)
    self().openCopies.push_back(copy);
  else
    perform(copy);
}

void cp_async_commit(Site) {
  const Quiet quiet;
  machine->interrupt();
  self().copies.push_back(std::move(self().openCopies));
  self().openCopies.clear();
}

void cp_async_wait(int pending, Site) {
  const Quiet quiet;
  machine->interrupt();
  auto &groups = self().copies;
  while (static_cast<int>(groups.size()) > pending) {
    for (const SmallCopy &copy : groups.front())
      perform(copy);
    groups.pop_front();
  }
}

} // namespace dit::device
