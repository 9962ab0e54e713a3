// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Streams. Work waits in its stream until somebody waits for it, so that what
// is read too early is not there yet.
#include "Streams.h"
#include <cstring>

namespace standin {

Objects &objects() {
  static auto *all = new Objects;
  return *all;
}

static std::string runningNow;
thread_local int captures = 0;

void run(const Command &command) {
  runningNow = command.what;
  if (command.run)
    command.run();
  runningNow.clear();
}

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

void demandAll(const Command &command) {
  for (const Span &span : command.device)
    demand(Place::Device, span, command.what.c_str());
  for (const Span &span : command.pinned)
    demand(Place::Pinned, span, command.what.c_str());
}

void runUntil(CUstream_st &stream, uint64_t position) {
  const Open open;
  while (stream.done < position) {
    auto next = std::move(stream.waiting.front());
    stream.waiting.pop_front();
    for (auto &[other, until] : next.after)
      runUntil(*other, until);
    run(next.command);
    ++stream.done;
  }
}

static bool touches(const Command &command, Span span) {
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
static const Command *waitingUser(Span span) {
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
         const StreamPointer &alsoAfter, uint64_t position) {
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
