// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The choice of the thread that runs next, and the report when none can.
#include "Machine.h"
#include <cstdio>
#include <cstring>

namespace simt {

std::string Schedule::name() const {
  static const char *const names[] = {"forward", "reverse", "lowest",
                                      "highest"};
  std::string text = order == Order::Random ? "random " + std::to_string(seed)
                                            : names[static_cast<int>(order)];
  return text + (late ? ", late" : ", eager");
}

std::vector<Schedule> allSchedules() {
  std::vector<Schedule> list;
  for (bool late : {true, false}) {
    for (Order order :
         {Order::Forward, Order::Reverse, Order::Lowest, Order::Highest})
      list.push_back({order, 0, late});
    for (unsigned seed = 1; seed <= 3; ++seed)
      list.push_back({Order::Random, seed, late});
  }
  return list;
}

std::vector<Schedule> fewSchedules() {
  return {{Order::Reverse, 0, true},
          {Order::Highest, 0, false},
          {Order::Random, 1, true}};
}

uint32_t Machine::nextRandom() {
  random ^= random << 13;
  random ^= random >> 17;
  random ^= random << 5;
  return random;
}

static unsigned lowestBit(uint32_t bits) { return __builtin_ctz(bits); }
static unsigned highestBit(uint32_t bits) { return 31 - __builtin_clz(bits); }

Thread &Machine::pick() {
  const unsigned count = warps.size();
  const unsigned now = self ? self->number / 32 : 0;
  const bool down =
      schedule.order == Order::Reverse || schedule.order == Order::Highest;
  unsigned start = now;
  if (schedule.order == Order::Lowest)
    start = 0;
  else if (schedule.order == Order::Highest)
    start = count - 1;
  for (;;) {
    if (schedule.order == Order::Random)
      start = nextRandom() % count;
    for (unsigned i = 0; i < count; ++i) {
      const unsigned w = (start + (down ? count - i : i)) % count;
      uint32_t ready = warps[w].ready;
      if (!ready)
        continue;
      if (schedule.order == Order::Random)
        for (unsigned skip = nextRandom() % __builtin_popcount(ready); skip;
             --skip)
          ready &= ready - 1;
      return threads[w * 32 + (down ? highestBit(ready) : lowestBit(ready))];
    }
    if (!land())
      reportDeadlock();
  }
}

void Machine::switchTo(Thread &to) {
  Thread *from = self;
  if (&to == from)
    return;
  self = &to;
  running = &to;
  from->fiber.switchTo(to.fiber, from->done);
}

void Machine::block(const Wait &wait) {
  Thread *thread = self;
  thread->wait = wait;
  thread->warp->ready &= ~(1u << thread->lane());
  switchTo(pick());
  thread->wait = {};
}

void Machine::wake(Thread &thread) {
  thread.warp->ready |= 1u << thread.lane();
}

void Machine::interrupt() {
  if (schedule.order != Order::Random || nextRandom() % 8)
    return;
  if (schedule.late && nextRandom() % 2)
    land();
  switchTo(pick());
}

void Machine::reportDeadlock() {
  fprintf(stderr,
          "simt: error: deadlock under schedule '%s': none of %u "
          "threads can run\n",
          schedule.name().c_str(), alive);
  auto describe = [](const Thread &thread) {
    char text[256];
    const char *slash = strrchr(thread.wait.site.file, '/');
    const int length = snprintf(text, sizeof text, thread.wait.format,
                                thread.wait.a, thread.wait.b);
    snprintf(text + length, sizeof text - length, " (%s:%d)",
             slash ? slash + 1 : thread.wait.site.file, thread.wait.site.line);
    return std::string(text);
  };
  int lines = 0;
  for (size_t i = 0; i < threads.size() && lines < 16; ++lines) {
    if (threads[i].done || !threads[i].owner) {
      ++i, --lines;
      continue;
    }
    const std::string text = describe(threads[i]);
    size_t end = i + 1;
    while (end < threads.size() && threads[end].owner == threads[i].owner &&
           !threads[end].done && describe(threads[end]) == text)
      ++end;
    const ThreadIndex &at = threads[i].block;
    fprintf(stderr, "  block (%u,%u,%u), threads %u to %u: %s\n", at.x, at.y,
            at.z, threads[i].inBlock, threads[end - 1].inBlock, text.c_str());
    i = end;
  }
  leave();
}

} // namespace simt
