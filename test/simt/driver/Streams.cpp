// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Streams, events and graphs. Work waits in its stream until somebody waits for
// it, so that what is read too early is not there yet.
#include "Standin.h"
#include <chrono>
#include <cstring>
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

namespace {

using StreamPointer = std::shared_ptr<CUstream_st>;

struct Objects {
  std::map<CUstream, StreamPointer> streams;
  std::set<CUevent> events;
  std::set<CUgraph> graphs;
  std::set<CUgraphExec> execs;
  StreamPointer legacy = std::make_shared<CUstream_st>();
};
Objects &objects() {
  static auto *all = new Objects;
  return *all;
}

std::string runningNow;
thread_local int captures = 0; // of this thread

StreamPointer streamOf(CUstream handle) {
  if (!handle)
    return objects().legacy;
  auto found = objects().streams.find(handle);
  if (found == objects().streams.end())
    misuse("%p is no stream", static_cast<void *>(handle));
  if (found->second->device != currentDevice())
    misuse("the stream is of device %d, the context of device %d",
           found->second->device, currentDevice());
  return found->second;
}

template <class Set, class Handle>
Handle known(const Set &set, Handle handle, const char *what) {
  if (!set.count(handle))
    misuse("%p is no %s", static_cast<void *>(handle), what);
  return handle;
}

void demandAll(const Command &command) {
  for (const Span &span : command.device)
    demand(Place::Device, span, command.what.c_str());
  for (const Span &span : command.pinned)
    demand(Place::Pinned, span, command.what.c_str());
}

/// Runs what waits in the stream up to a position, after what that waits for.
void runUntil(CUstream_st &stream, uint64_t position) {
  const Open open;
  while (stream.done < position) {
    auto next = std::move(stream.waiting.front());
    stream.waiting.pop_front();
    for (auto &[other, until] : next.after)
      runUntil(*other, until);
    runningNow = next.command.what;
    if (next.command.run)
      next.command.run();
    runningNow.clear();
    ++stream.done;
  }
}

bool touches(const Command &command, Span span) {
  const auto *begin = static_cast<const unsigned char *>(span.begin);
  for (const auto *spans : {&command.device, &command.pinned})
    for (const Span &used : *spans) {
      const auto *at = static_cast<const unsigned char *>(used.begin);
      if (at < begin + span.bytes && begin < at + used.bytes)
        return true;
    }
  return false;
}

/// Work that waits and touches the span, or null.
const Command *waitingUser(Span span) {
  auto in = [&](const CUstream_st &stream) -> const Command * {
    for (const auto &waiting : stream.waiting)
      if (touches(waiting.command, span))
        return &waiting.command;
    return nullptr;
  };
  if (const Command *user = in(*objects().legacy))
    return user;
  for (auto &[handle, stream] : objects().streams)
    if (const Command *user = in(*stream))
      return user;
  return nullptr;
}

/// From now on until the work is done, its results on the host may be anything:
/// NaN, unless work before it uses the same memory.
void spoil(const std::vector<Command> &commands) {
  for (size_t i = 0; i < commands.size(); ++i) {
    const Span result = commands[i].result;
    bool used = !result.begin || waitingUser(result);
    for (size_t before = 0; before < i; ++before)
      used = used || touches(commands[before], result);
    if (!used)
      memset(const_cast<void *>(result.begin), 0xff, result.bytes);
  }
}

void put(const StreamPointer &stream, Command command,
         const StreamPointer &alsoAfter = nullptr, uint64_t position = 0) {
  CUstream_st::Waiting entry{std::move(command), {}};
  if (alsoAfter)
    entry.after.push_back({alsoAfter, position});
  // The legacy stream waits for all that do not say otherwise, and they for it.
  const StreamPointer &legacy = objects().legacy;
  if (stream != legacy && stream->followsLegacy())
    entry.after.push_back({legacy, legacy->given});
  if (stream == legacy)
    for (auto &[handle, other] : objects().streams)
      if (other->followsLegacy())
        entry.after.push_back({other, other->given});
  stream->waiting.push_back(std::move(entry));
  ++stream->given;
  if (settings().eager)
    runUntil(*stream, stream->given);
}

} // namespace

const std::string &running() { return runningNow; }

bool isCapturing(CUstream stream) { return streamOf(stream)->capture; }

bool threadCaptures() { return captures > 0; }

void submit(CUstream handle, Command command) {
  const StreamPointer stream = streamOf(handle);
  demandAll(command);
  if (stream->capture) {
    stream->capture->nodes.push_back(std::move(command));
    return;
  }
  if (stream == objects().legacy && captures)
    misuse("work on the default stream while a stream is being captured");
  spoil({command});
  put(stream, std::move(command));
}

void finish(CUstream handle) {
  const StreamPointer stream = streamOf(handle);
  if (stream == objects().legacy)
    put(stream, {"a wait", {}, {}, {}, {}});
  runUntil(*stream, stream->given);
}

void finishAll() {
  const StreamPointer legacy = objects().legacy;
  runUntil(*legacy, legacy->given);
  for (auto &[handle, stream] : objects().streams)
    if (stream->device == currentDevice())
      runUntil(*stream, stream->given);
}

void demandUnused(Span span, const char *what) {
  if (const Command *user = waitingUser(span))
    misuse("%s is freed, but %s that uses it was not waited for", what,
           user->what.c_str());
}

std::vector<std::string> liveObjects() {
  std::vector<std::string> list;
  auto count = [&](size_t n, const char *what) {
    if (n)
      list.push_back(std::to_string(n) + " " + what + (n > 1 ? "s" : ""));
  };
  count(objects().streams.size(), "stream");
  count(objects().events.size(), "event");
  count(objects().graphs.size(), "graph");
  count(objects().execs.size(), "executable graph");
  return list;
}

} // namespace standin

using namespace standin;

CUresult cuStreamCreate(CUstream *stream, unsigned flags) {
  const Call call("cuStreamCreate");
  auto made = std::make_shared<CUstream_st>();
  made->flags = flags;
  made->device = currentDevice();
  *stream = made.get();
  objects().streams[*stream] = made;
  return CUDA_SUCCESS;
}

CUresult cuStreamDestroy(CUstream handle) {
  const Call call("cuStreamDestroy", Needs::NoCapture);
  const StreamPointer stream = streamOf(handle);
  if (stream == objects().legacy)
    misuse("the default stream cannot be destroyed");
  runUntil(*stream, stream->given);
  objects().streams.erase(handle);
  return CUDA_SUCCESS;
}

CUresult cuStreamSynchronize(CUstream stream) {
  const Call call("cuStreamSynchronize", Needs::NoCapture);
  standin::finish(stream);
  return CUDA_SUCCESS;
}

CUresult cuStreamWaitEvent(CUstream handle, CUevent event, unsigned) {
  const Call call("cuStreamWaitEvent");
  const StreamPointer stream = streamOf(handle);
  known(objects().events, event, "event");
  if (stream->capture) {
    if (event->stream != stream)
      misuse("work of another stream in a capture is not modelled");
  } else if (event->stream) {
    put(stream, {"a wait for an event", {}, {}, {}, {}}, event->stream,
        event->position);
  }
  return CUDA_SUCCESS;
}

CUresult cuEventCreate(CUevent *event, unsigned flags) {
  const Call call("cuEventCreate");
  *event = new CUevent_st;
  (*event)->flags = flags;
  objects().events.insert(*event);
  return CUDA_SUCCESS;
}

CUresult cuEventRecord(CUevent event, CUstream handle) {
  const Call call("cuEventRecord");
  const StreamPointer stream = streamOf(handle);
  known(objects().events, event, "event");
  event->stream = stream;
  event->position = 0;
  if (!stream->capture) {
    event->position = stream->given + 1;
    put(stream, {"an event",
                 {},
                 {},
                 [event] { event->time = std::chrono::steady_clock::now(); },
                 {}});
  }
  return CUDA_SUCCESS;
}

CUresult cuEventSynchronize(CUevent event) {
  const Call call("cuEventSynchronize", Needs::NoCapture);
  known(objects().events, event, "event");
  if (event->stream)
    runUntil(*event->stream, event->position);
  return CUDA_SUCCESS;
}

static CUresult elapsed(float *milliseconds, CUevent begin, CUevent end) {
  for (CUevent event : {begin, end}) {
    known(objects().events, event, "event");
    if (!event->stream || event->flags & CU_EVENT_DISABLE_TIMING)
      return CUDA_ERROR_INVALID_HANDLE;
    if (event->stream->done < event->position)
      return CUDA_ERROR_NOT_READY;
  }
  *milliseconds =
      std::chrono::duration<float, std::milli>(end->time - begin->time).count();
  return CUDA_SUCCESS;
}

#undef cuEventElapsedTime // since CUDA 13 the name of a second version
extern "C" {
CUresult cuEventElapsedTime(float *milliseconds, CUevent begin, CUevent end) {
  const Call call("cuEventElapsedTime");
  return elapsed(milliseconds, begin, end);
}
CUresult cuEventElapsedTime_v2(float *milliseconds, CUevent begin,
                               CUevent end) {
  const Call call("cuEventElapsedTime");
  return elapsed(milliseconds, begin, end);
}
}

CUresult cuEventDestroy(CUevent event) {
  const Call call("cuEventDestroy");
  known(objects().events, event, "event");
  if (event->stream) // its record still names it
    runUntil(*event->stream, event->position);
  objects().events.erase(event);
  delete event;
  return CUDA_SUCCESS;
}

CUresult cuStreamBeginCapture(CUstream handle, CUstreamCaptureMode) {
  const Call call("cuStreamBeginCapture");
  const StreamPointer stream = streamOf(handle);
  if (stream == objects().legacy)
    misuse("the default stream cannot be captured");
  if (stream->capture)
    misuse("the stream is being captured already");
  stream->capture = new CUgraph_st;
  ++captures;
  return CUDA_SUCCESS;
}

CUresult cuStreamEndCapture(CUstream handle, CUgraph *graph) {
  const Call call("cuStreamEndCapture");
  const StreamPointer stream = streamOf(handle);
  if (!stream->capture)
    misuse("the stream is not being captured");
  --captures;
  *graph = stream->capture;
  objects().graphs.insert(*graph);
  stream->capture = nullptr;
  note("capture %zu nodes", (*graph)->nodes.size());
  return CUDA_SUCCESS;
}

CUresult cuGraphInstantiate(CUgraphExec *exec, CUgraph graph,
                            unsigned long long) {
  const Call call("cuGraphInstantiate", Needs::NoCapture);
  known(objects().graphs, graph, "graph");
  *exec =
      new CUgraphExec_st{std::make_shared<std::vector<Command>>(graph->nodes)};
  objects().execs.insert(*exec);
  return CUDA_SUCCESS;
}

CUresult cuGraphLaunch(CUgraphExec exec, CUstream stream) {
  const Call call("cuGraphLaunch");
  known(objects().execs, exec, "executable graph");
  if (isCapturing(stream))
    misuse("a graph in a graph is not modelled");
  const auto nodes = exec->nodes;
  note("launch a graph of %zu nodes", nodes->size());
  Command whole{"a graph", {}, {}, {}, {}};
  for (const Command &node : *nodes) {
    demandAll(node);
    whole.device.insert(whole.device.end(), node.device.begin(),
                        node.device.end());
    whole.pinned.insert(whole.pinned.end(), node.pinned.begin(),
                        node.pinned.end());
  }
  spoil(*nodes);
  whole.run = [nodes] {
    for (const Command &node : *nodes) {
      runningNow = node.what;
      node.run();
    }
  };
  submit(stream, std::move(whole));
  return CUDA_SUCCESS;
}

CUresult cuGraphExecDestroy(CUgraphExec exec) {
  const Call call("cuGraphExecDestroy");
  known(objects().execs, exec, "executable graph");
  objects().execs.erase(exec);
  delete exec;
  return CUDA_SUCCESS;
}

CUresult cuGraphDestroy(CUgraph graph) {
  const Call call("cuGraphDestroy");
  known(objects().graphs, graph, "graph");
  objects().graphs.erase(graph);
  delete graph;
  return CUDA_SUCCESS;
}
