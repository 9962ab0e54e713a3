// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The functions of NVIDIA's driver that the runtime calls, found in
// libcuda.so.1 at run time. Types and constants are declared here as cuda.h
// declares them, so that nothing of a CUDA toolkit is needed to build; a test
// compares the two.
#ifndef DIT_RUNTIME_CUDA_DRIVER_H
#define DIT_RUNTIME_CUDA_DRIVER_H

#include <cstddef>
#include <cstdint>
#include <string>

// Handles keep their tags of cuda.h, which are in the global namespace there.
struct CUctx_st;
struct CUstream_st;
struct CUevent_st;
struct CUmod_st;
struct CUfunc_st;
struct CUgraph_st;
struct CUgraphExec_st;

namespace dit::runtime::cuda {

using Result = int;                       ///< CUresult
using DeviceOrdinal = int;                ///< CUdevice
using DevicePointer = unsigned long long; ///< CUdeviceptr
using Context = CUctx_st *;
using Stream = CUstream_st *;
using Event = CUevent_st *;
using Module = CUmod_st *;
using Function = CUfunc_st *;
using Graph = CUgraph_st *;
using GraphExec = CUgraphExec_st *;

/// CUtensorMap: what a tensor memory access is told of a matrix, a kernel
/// parameter by value.
struct alignas(128) TensorMap {
  uint64_t opaque[16];
};

// CUresult.
constexpr Result success = 0, outOfMemory = 2, noDevice = 100;
// CUdevice_attribute.
constexpr int computeCapabilityMajor = 75, computeCapabilityMinor = 76,
              maxSharedMemoryPerBlockOptin = 97;
// CUfunction_attribute.
constexpr int maxDynamicSharedSizeBytes = 8;
// CUstreamCaptureMode: relaxed, so that a kernel may be loaded when it is first
// captured.
constexpr int captureModeRelaxed = 2;
// CUstream_flags, CUevent_flags.
constexpr unsigned streamNonBlocking = 1, eventDefault = 0,
                   eventDisableTiming = 2;
// CUtensorMapDataType, -Interleave, -Swizzle, -L2promotion, -FloatOOBfill.
constexpr int tensorMapBfloat16 = 9, interleaveNone = 0, swizzleNone = 0,
              swizzle32B = 1, swizzle64B = 2, swizzle128B = 3,
              l2Promotion256B = 3, outOfBoundsZero = 0;

/// name, symbol in the library (the version of it that cuda.h maps the name to
/// since CUDA 12.0), parameters. All return a Result.
#define DIT_CUDA_DRIVER_CALLS(CALL)                                            \
  CALL(cuInit, "cuInit", (unsigned flags))                                     \
  CALL(cuDriverGetVersion, "cuDriverGetVersion", (int *version))               \
  CALL(cuGetErrorName, "cuGetErrorName", (Result error, const char **name))    \
  CALL(cuGetErrorString, "cuGetErrorString",                                   \
       (Result error, const char **text))                                      \
  CALL(cuDeviceGetCount, "cuDeviceGetCount", (int *count))                     \
  CALL(cuDeviceGet, "cuDeviceGet", (DeviceOrdinal * device, int ordinal))      \
  CALL(cuDeviceGetName, "cuDeviceGetName",                                     \
       (char *name, int length, DeviceOrdinal device))                         \
  CALL(cuDeviceGetAttribute, "cuDeviceGetAttribute",                           \
       (int *value, int attribute, DeviceOrdinal device))                      \
  CALL(cuDevicePrimaryCtxRetain, "cuDevicePrimaryCtxRetain",                   \
       (Context * context, DeviceOrdinal device))                              \
  CALL(cuDevicePrimaryCtxRelease, "cuDevicePrimaryCtxRelease_v2",              \
       (DeviceOrdinal device))                                                 \
  CALL(cuCtxGetCurrent, "cuCtxGetCurrent", (Context * context))                \
  CALL(cuCtxSetCurrent, "cuCtxSetCurrent", (Context context))                  \
  CALL(cuMemGetInfo, "cuMemGetInfo_v2", (size_t *free, size_t *total))         \
  CALL(cuMemAlloc, "cuMemAlloc_v2", (DevicePointer * address, size_t bytes))   \
  CALL(cuMemFree, "cuMemFree_v2", (DevicePointer address))                     \
  CALL(cuMemAllocHost, "cuMemAllocHost_v2", (void **address, size_t bytes))    \
  CALL(cuMemFreeHost, "cuMemFreeHost", (void *address))                        \
  CALL(cuMemcpyHtoDAsync, "cuMemcpyHtoDAsync_v2",                              \
       (DevicePointer to, const void *from, size_t bytes, Stream stream))      \
  CALL(cuMemcpyDtoHAsync, "cuMemcpyDtoHAsync_v2",                              \
       (void *to, DevicePointer from, size_t bytes, Stream stream))            \
  CALL(cuMemcpyDtoDAsync, "cuMemcpyDtoDAsync_v2",                              \
       (DevicePointer to, DevicePointer from, size_t bytes, Stream stream))    \
  CALL(cuMemsetD8Async, "cuMemsetD8Async",                                     \
       (DevicePointer to, unsigned char value, size_t bytes, Stream stream))   \
  CALL(cuStreamCreate, "cuStreamCreate", (Stream * stream, unsigned flags))    \
  CALL(cuStreamDestroy, "cuStreamDestroy_v2", (Stream stream))                 \
  CALL(cuStreamSynchronize, "cuStreamSynchronize", (Stream stream))            \
  CALL(cuStreamBeginCapture, "cuStreamBeginCapture_v2",                        \
       (Stream stream, int mode))                                              \
  CALL(cuStreamEndCapture, "cuStreamEndCapture",                               \
       (Stream stream, Graph * graph))                                         \
  CALL(cuGraphInstantiate, "cuGraphInstantiateWithFlags",                      \
       (GraphExec * exec, Graph graph, unsigned long long flags))              \
  CALL(cuGraphLaunch, "cuGraphLaunch", (GraphExec exec, Stream stream))        \
  CALL(cuGraphExecDestroy, "cuGraphExecDestroy", (GraphExec exec))             \
  CALL(cuGraphDestroy, "cuGraphDestroy", (Graph graph))                        \
  CALL(cuModuleLoadData, "cuModuleLoadData",                                   \
       (Module * module, const void *image))                                   \
  CALL(cuModuleGetFunction, "cuModuleGetFunction",                             \
       (Function * function, Module module, const char *name))                 \
  CALL(cuModuleUnload, "cuModuleUnload", (Module module))                      \
  CALL(cuFuncSetAttribute, "cuFuncSetAttribute",                               \
       (Function function, int attribute, int value))                          \
  CALL(cuLaunchKernel, "cuLaunchKernel",                                       \
       (Function function, unsigned gridX, unsigned gridY, unsigned gridZ,     \
        unsigned blockX, unsigned blockY, unsigned blockZ,                     \
        unsigned sharedBytes, Stream stream, void **parameters, void **extra)) \
  CALL(cuTensorMapEncodeTiled, "cuTensorMapEncodeTiled",                       \
       (TensorMap * map, int dataType, uint32_t rank, void *address,           \
        const uint64_t *dims, const uint64_t *strides, const uint32_t *box,    \
        const uint32_t *elementStrides, int interleave, int swizzle,           \
        int l2Promotion, int outOfBounds))                                     \
  CALL(cuEventCreate, "cuEventCreate", (Event * event, unsigned flags))        \
  CALL(cuEventRecord, "cuEventRecord", (Event event, Stream stream))           \
  CALL(cuEventSynchronize, "cuEventSynchronize", (Event event))                \
  CALL(cuEventElapsedTime, "cuEventElapsedTime",                               \
       (float *milliseconds, Event begin, Event end))                          \
  CALL(cuEventDestroy, "cuEventDestroy_v2", (Event event))

/// The driver's functions under their names.
struct Driver {
#define DIT_CUDA_MEMBER(name, symbol, parameters) Result(*name) parameters;
  DIT_CUDA_DRIVER_CALLS(DIT_CUDA_MEMBER)
#undef DIT_CUDA_MEMBER

  /// CUDA's version that the driver speaks: 1000 * major + 10 * minor.
  int version = 0;

  /// Opens and initialises the driver, once a process. Throws an Error that
  /// says what is missing: the driver, a newer one, a device.
  static const Driver &get();

  /// Throws an Error "WHAT: CUDA_ERROR_X, its sentence" unless `result` is
  /// success.
  void check(Result result, const char *what) const;
  /// "CUDA_ERROR_OUT_OF_MEMORY (out of memory)".
  std::string describe(Result result) const;
};

/// The oldest driver that has all of the above.
constexpr int oldestDriver = 12000;

/// "12.4" of 12040.
std::string showCudaVersion(int version);

} // namespace dit::runtime::cuda

#endif // DIT_RUNTIME_CUDA_DRIVER_H
