// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Events, captures and graphs. A graph holds its work with the parameters of
// the capture, and does it at every launch.
#include "Streams.h"

using namespace standin;

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
    for (const Command &node : *nodes)
      run(node);
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
