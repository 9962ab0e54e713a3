// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The state of streams, events and graphs, for the files that have the driver's
// functions on them.
#ifndef DIT_STANDIN_STREAMS_H
#define DIT_STANDIN_STREAMS_H

#include "Standin.h"
#include <chrono>
#include <map>
#include <set>

struct CUgraph_st {
  std::vector<standin::Command> nodes;
};

struct CUgraphExec_st {
  std::shared_ptr<const std::vector<standin::Command>> nodes;
};

struct CUstream_st {
  unsigned flags = 0;
  int device = 0;
  struct Waiting {
    standin::Command command;
    /// Streams, and how much of each must be done before.
    std::vector<std::pair<std::shared_ptr<CUstream_st>, uint64_t>> after;
  };
  std::deque<Waiting> waiting;
  uint64_t given = 0, done = 0;
  CUgraph capture = nullptr;

  bool followsLegacy() const { return !(flags & CU_STREAM_NON_BLOCKING); }
};

struct CUevent_st {
  unsigned flags = 0;
  std::shared_ptr<CUstream_st> stream; ///< where it was recorded last
  uint64_t position = 0;
  std::chrono::steady_clock::time_point time;
};

namespace standin {

using StreamPointer = std::shared_ptr<CUstream_st>;

/// What is alive.
struct Objects {
  std::map<CUstream, StreamPointer> streams;
  std::set<CUevent> events;
  std::set<CUgraph> graphs;
  std::set<CUgraphExec> execs;
  StreamPointer legacy = std::make_shared<CUstream_st>();
};
Objects &objects();

/// Misuse where the handle is none, or of another device than the context.
StreamPointer streamOf(CUstream handle);

template <class Set, class Handle>
Handle known(const Set &set, Handle handle, const char *what) {
  if (!set.count(handle))
    misuse("%p is no %s", static_cast<void *>(handle), what);
  return handle;
}

/// Misuse unless all that the work touches is there.
void demandAll(const Command &command);
/// Puts work behind what the stream has, to run after that and, where one is
/// given, after the other stream has come to the position.
void put(const StreamPointer &stream, Command command,
         const StreamPointer &alsoAfter = nullptr, uint64_t position = 0);
/// Runs what waits in the stream up to a position, after what that waits for.
void runUntil(CUstream_st &stream, uint64_t position);
/// From now on until the work is done, its results on the host may be anything:
/// NaN, unless work before it uses the same memory.
void spoil(const std::vector<Command> &commands);
/// Runs a command and lets reports name it.
void run(const Command &command);

/// How many captures this thread has begun and not ended.
extern thread_local int captures;

} // namespace standin

#endif // DIT_STANDIN_STREAMS_H
