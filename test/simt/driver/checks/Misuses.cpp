// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The misuses, by what is misused: calls, memory, launches, what is left over.
#include "Misuses.h"
#include "Gpu.h"
#include <cstdio>
#include <cstring>

CUtensorMap tensorMapOf(CUdeviceptr address, unsigned columns) {
  CUtensorMap map;
  const cuuint64_t dims[] = {columns, 8}, strides[] = {columns * 2};
  const cuuint32_t box[] = {64, 8}, steps[] = {1, 1};
  CHECKED(cuTensorMapEncodeTiled(
      &map, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 2,
      reinterpret_cast<void *>(address), dims, strides, box, steps,
      CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_NONE,
      CU_TENSOR_MAP_L2_PROMOTION_NONE, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE));
  return map;
}

namespace {

/// A stream that is being captured, with a kernel in it.
struct Capturing : Gpu {
  CUdeviceptr in = allocate(), out = allocate();
  CUgraph graph = nullptr;
  CUgraphExec exec = nullptr;

  Capturing() {
    CHECKED(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    scale(in, out, 2);
  }
  void end() {
    CHECKED(cuStreamEndCapture(stream, &graph));
    CHECKED(cuGraphInstantiate(&exec, graph, 0));
  }
};

void beforeInit() {
  CUdevice device;
  cuDeviceGet(&device, 0);
}
void withoutContext() {
  CUdeviceptr address;
  cuInit(0);
  cuMemAlloc(&address, 16);
}
void releasedContext() {
  Gpu gpu;
  gpu.close();
  cuCtxSetCurrent(gpu.context);
  gpu.allocate();
}
void destroyedStream() {
  Gpu gpu;
  cuStreamDestroy(gpu.stream);
  gpu.synchronize();
}

void allocateInCapture() { Capturing().allocate(); }
void freeInCapture() {
  Capturing gpu;
  cuMemFree(gpu.in);
}
void waitInCapture() { Capturing().synchronize(); }
void loadInCapture() {
  Capturing gpu;
  cuModuleLoadData(&gpu.module, cubin.data());
}
void captureTwice() {
  Capturing gpu;
  cuStreamBeginCapture(gpu.stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
}
void captureDefaultStream() {
  Gpu gpu;
  cuStreamBeginCapture(nullptr, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
}
void capturePageable() {
  Capturing gpu;
  float value = 1;
  cuMemcpyHtoDAsync(gpu.in, &value, 4, gpu.stream);
}
void defaultStreamInCapture() {
  Capturing gpu;
  cuMemsetD8Async(gpu.in, 0, 4, nullptr);
}
void endWithoutBegin() {
  Gpu gpu;
  CUgraph graph;
  cuStreamEndCapture(gpu.stream, &graph);
}
void launchDestroyedGraph() {
  Capturing gpu;
  gpu.end();
  cuGraphExecDestroy(gpu.exec);
  cuGraphLaunch(gpu.exec, gpu.stream);
}

void hostTouchesDevice() {
  Gpu gpu;
  CUdeviceptr address = gpu.allocate();
  printf("%f\n", *reinterpret_cast<float *>(address));
}
void hostMemoryAsDevice() {
  Gpu gpu;
  float value[kCount];
  gpu.scale(reinterpret_cast<CUdeviceptr>(value), gpu.allocate(), 2);
}
void pinnedMemoryAsDevice() {
  Gpu gpu;
  gpu.scale(reinterpret_cast<CUdeviceptr>(gpu.allocatePinned()), gpu.allocate(),
            2);
}
void deviceMemoryAsHost() {
  Gpu gpu;
  CUdeviceptr a = gpu.allocate(), b = gpu.allocate();
  cuMemcpyHtoDAsync(a, reinterpret_cast<void *>(b), 4, gpu.stream);
}
void copyBeyond() {
  Gpu gpu;
  float *from = gpu.allocatePinned(800);
  cuMemcpyHtoDAsync(gpu.allocate(), from, 404, gpu.stream);
}
void freeTwice() {
  Gpu gpu;
  CUdeviceptr address = gpu.allocate();
  cuMemFree(address);
  cuMemFree(address);
}
void freeInside() {
  Gpu gpu;
  cuMemFree(gpu.allocate() + 4);
}
void freeInUse() {
  Gpu gpu;
  float *from = gpu.allocatePinned();
  cuMemcpyHtoDAsync(gpu.allocate(), from, 4, gpu.stream);
  cuMemFreeHost(from);
}
void launchOnFreed() {
  Gpu gpu;
  CUdeviceptr in = gpu.allocate();
  cuMemFree(in);
  gpu.scale(in, gpu.allocate(), 2);
}
void replayOnFreed() {
  Capturing gpu;
  gpu.end();
  cuMemFree(gpu.in);
  cuGraphLaunch(gpu.exec, gpu.stream);
}
void writeBehindTheEnd() {
  Gpu gpu;
  CUdeviceptr in = gpu.allocate(), out = gpu.allocate(400);
  float value[128] = {};
  in = gpu.allocate(sizeof value);
  cuMemcpyHtoDAsync(in, value, sizeof value, gpu.stream);
  gpu.scale(in, out, 2, 101); // one more, still on the same page
  gpu.synchronize();
  cuMemFree(out);
}

void kernelReadsBeyond(int at) {
  Gpu gpu;
  CUdeviceptr in = gpu.allocate(), out = gpu.allocate();
  gpu.launch("dit_read", 32, 0, {&in, &out, &at});
  gpu.synchronize();
}
void kernelReadsFarBeyond() { kernelReadsBeyond(1500); }
void kernelReadsFarBefore() { kernelReadsBeyond(-1500); }
void unknownFunction() {
  Gpu gpu;
  int nothing = 0;
  cuLaunchKernel(reinterpret_cast<CUfunction>(&nothing), 1, 1, 1, 1, 1, 1, 0,
                 gpu.stream, nullptr, nullptr);
}
void functionOfUnloaded() {
  Gpu gpu;
  CUfunction function = gpu.function("dit_scale");
  cuModuleUnload(gpu.module);
  cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, gpu.stream, nullptr, nullptr);
}
void unloadInUse() {
  Gpu gpu;
  gpu.scale(gpu.allocate(), gpu.allocate(), 2);
  cuModuleUnload(gpu.module);
}
void launchShared(unsigned threads, unsigned bytes) {
  Gpu gpu;
  CUdeviceptr out = gpu.allocate();
  unsigned count = kCount;
  gpu.launch("dit_shared", threads, bytes, {&out, &count});
  gpu.synchronize();
}
void tooManyThreads() { launchShared(65, 400); }
void tooMuchShared() { launchShared(64, (48 << 10) + 16); }
void tooLittleShared() { launchShared(64, 0); }
void emptyGrid() {
  Gpu gpu;
  gpu.scale(gpu.allocate(), gpu.allocate(), 2, 0);
}
void missingParameter() {
  Gpu gpu;
  CUdeviceptr out = gpu.allocate();
  gpu.launch("dit_shared", 64, 400, {&out, nullptr});
}
void misalignedMap() {
  Gpu gpu;
  tensorMapOf(gpu.allocate(2048) + 8);
}
void mapBeyond() {
  Gpu gpu;
  tensorMapOf(gpu.allocate(1023));
}
void mapOfNothing() {
  Gpu gpu;
  CUtensorMap map{};
  CUdeviceptr out = gpu.allocate(1024);
  gpu.launch("dit_box", 32, 2048, {&map, &out});
}
void otherCubin() {
  Gpu gpu;
  const size_t at = cubin.find("dit_scale"); // in the table of section names
  for (size_t i = at; i != cubin.npos; i = cubin.find("dit_scale", i + 1))
    cubin[i + 4] = 'S';
  cuModuleLoadData(&gpu.module, cubin.data());
}

void leak(void (*take)(Gpu &)) {
  Gpu gpu;
  take(gpu);
  gpu.close();
}
void leakMemory() {
  leak([](Gpu &) {
    CUdeviceptr address;
    cuMemAlloc(&address, 48);
  });
}
void leakPinned() {
  leak([](Gpu &) {
    void *address;
    cuMemAllocHost(&address, 48);
  });
}
void leakGraphAndEvent() {
  leak([](Gpu &gpu) {
    CUgraph graph;
    CUevent event;
    cuEventCreate(&event, 0);
    cuStreamBeginCapture(gpu.stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
    cuStreamEndCapture(gpu.stream, &graph);
  });
}
void leakAtExit() { Gpu(); }
void keepContext() {
  CUcontext context;
  cuInit(0);
  cuDevicePrimaryCtxRetain(&context, 0);
}

} // namespace

const std::vector<Misuse> &misuses() {
#define MISUSE(name, sentence)                                                 \
  {                                                                            \
    #name, name, sentence                                                      \
  }
  static const std::vector<Misuse> all = {
      MISUSE(beforeInit, "cuDeviceGet: before cuInit"),
      MISUSE(withoutContext, "cuMemAlloc: this thread has no context"),
      MISUSE(releasedContext, "this thread's context was released"),
      MISUSE(destroyedStream, "is no stream"),
      MISUSE(allocateInCapture, "cuMemAlloc: while a stream is being captured"),
      MISUSE(freeInCapture, "cuMemFree: while a stream is being captured"),
      MISUSE(waitInCapture,
             "cuStreamSynchronize: while a stream is being captured"),
      MISUSE(loadInCapture,
             "cuModuleLoadData: while a stream is being captured"),
      MISUSE(captureTwice, "the stream is being captured already"),
      MISUSE(captureDefaultStream, "the default stream cannot be captured"),
      MISUSE(capturePageable, "memory that is not pinned cannot be captured"),
      MISUSE(defaultStreamInCapture, "work on the default stream while"),
      MISUSE(endWithoutBegin, "the stream is not being captured"),
      MISUSE(launchDestroyedGraph, "is no executable graph"),
      MISUSE(hostTouchesDevice,
             "the host's code touches device allocation 1 (400 bytes)"),
      MISUSE(hostMemoryAsDevice, "dit_scale: expected device memory, but 0x"),
      MISUSE(pinnedMemoryAsDevice, "but found pinned allocation"),
      MISUSE(deviceMemoryAsHost, "expected pinned memory, but found device"),
      MISUSE(copyBeyond, "an upload: 404 bytes, 0 bytes from the begin of "
                         "device allocation 2 (400 bytes)"),
      MISUSE(freeTwice, "device allocation 1 (400 bytes) was freed before"),
      MISUSE(freeInside, "is not what cuMemAlloc returned"),
      MISUSE(freeInUse, "but an upload that uses it was not waited for"),
      MISUSE(launchOnFreed, "which was freed"),
      MISUSE(replayOnFreed, "which was freed"),
      MISUSE(writeBehindTheEnd,
             "somebody wrote 400 bytes from the begin of device allocation"),
      MISUSE(kernelReadsFarBeyond,
             "dit_read, block (0,0,0), thread 0, touches what is 6000 bytes"),
      MISUSE(kernelReadsFarBefore, "touches what is -6000 bytes"),
      MISUSE(unknownFunction, "is no function of a loaded module"),
      MISUSE(functionOfUnloaded, "is no function of a loaded module"),
      MISUSE(unloadInUse, "1 launches of its kernels were not waited for"),
      MISUSE(tooManyThreads, "at most 64 threads, but was given 65"),
      MISUSE(tooMuchShared,
             "at most 49152 bytes of shared memory unless "
             "cuFuncSetAttribute raises it, but was given 49168"),
      MISUSE(tooLittleShared, "of shared memory, which has 0"),
      MISUSE(emptyGrid, "but is 0 x 1 x 1"),
      MISUSE(missingParameter, "parameter 1 is missing"),
      MISUSE(misalignedMap, "multiples of 16 bytes"),
      MISUSE(mapBeyond, "a tensor map: 1024 bytes"),
      MISUSE(mapOfNothing, "parameter 0 is no tensor map"),
      MISUSE(otherCubin, "of this cubin for sm_90a, of which the first is "
                         "dit_Scale"),
      MISUSE(leakMemory, "there is left: device allocation 1 (48 bytes)"),
      MISUSE(leakPinned, "there is left: pinned allocation 1 (48 bytes)"),
      MISUSE(leakGraphAndEvent, "there is left: 1 event, 1 graph"),
      MISUSE(leakAtExit, "at the process's end there is left: 1 stream, 1 "
                         "modules"),
      MISUSE(keepContext, "the context of device 0 is retained"),
  };
#undef MISUSE
  return all;
}
