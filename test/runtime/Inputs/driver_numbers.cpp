// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// runtime/cuda/Driver.h beside NVIDIA's own header. Compiled, never linked.
#include <cuda.h>

// Timed by its first version, which drivers before CUDA 12.8 have; the header
// of CUDA 13 declares the second alone, with the same parameters.
#undef cuEventElapsedTime
extern "C" decltype(cuEventElapsedTime_v2) cuEventElapsedTime;

#include "runtime/cuda/Driver.h"

#include <string_view>
#include <type_traits>

using namespace dit::runtime::cuda;

static_assert(success == CUDA_SUCCESS);
static_assert(outOfMemory == CUDA_ERROR_OUT_OF_MEMORY);
static_assert(noDevice == CUDA_ERROR_NO_DEVICE);
static_assert(computeCapabilityMajor ==
              CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
static_assert(computeCapabilityMinor ==
              CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
static_assert(maxSharedMemoryPerBlockOptin ==
              CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
static_assert(maxDynamicSharedSizeBytes ==
              CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES);
static_assert(captureModeRelaxed == CU_STREAM_CAPTURE_MODE_RELAXED);
static_assert(streamNonBlocking == CU_STREAM_NON_BLOCKING);
static_assert(eventDefault == CU_EVENT_DEFAULT);
static_assert(eventDisableTiming == CU_EVENT_DISABLE_TIMING);
static_assert(tensorMapBfloat16 == CU_TENSOR_MAP_DATA_TYPE_BFLOAT16);
static_assert(interleaveNone == CU_TENSOR_MAP_INTERLEAVE_NONE);
static_assert(swizzleNone == CU_TENSOR_MAP_SWIZZLE_NONE);
static_assert(swizzle32B == CU_TENSOR_MAP_SWIZZLE_32B);
static_assert(swizzle64B == CU_TENSOR_MAP_SWIZZLE_64B);
static_assert(swizzle128B == CU_TENSOR_MAP_SWIZZLE_128B);
static_assert(l2Promotion256B == CU_TENSOR_MAP_L2_PROMOTION_L2_256B);
static_assert(outOfBoundsZero == CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
static_assert(sizeof(TensorMap) == sizeof(CUtensorMap) &&
              alignof(TensorMap) == alignof(CUtensorMap));
static_assert(std::is_same_v<DevicePointer, CUdeviceptr>);
static_assert(std::is_same_v<DeviceOrdinal, CUdevice>);
static_assert(std::is_same_v<Stream, CUstream>);

/// An enum is as good as an int of its size, a pointer as good as another.
template <typename Ours, typename Theirs> constexpr bool agree() {
  if (std::is_pointer_v<Ours> && std::is_pointer_v<Theirs>)
    return true;
  return sizeof(Ours) == sizeof(Theirs) &&
         std::is_pointer_v<Ours> == std::is_pointer_v<Theirs>;
}
template <typename... Ours, typename... Theirs>
constexpr bool agree(Result (*)(Ours...), CUresult (*)(Theirs...)) {
  if constexpr (sizeof...(Ours) == sizeof...(Theirs))
    return (agree<Ours, Theirs>() && ...);
  return false;
}

// The header's macros turn a name into that of its version, here and in
// Driver.h alike.
#define DIT_TEXT_OF(name) #name
#define DIT_TEXT(name) DIT_TEXT_OF(name)
#define DIT_COMPARE(name, symbol, parameters)                                  \
  static_assert(agree(decltype(Driver::name){}, decltype(&::name){}));         \
  static_assert(std::string_view(DIT_TEXT(name)) == symbol);
DIT_CUDA_DRIVER_CALLS(DIT_COMPARE)

#ifdef DIT_WRONG_ON_PURPOSE
static_assert(agree(decltype(Driver::cuMemAlloc){}, decltype(&::cuMemFree){}));
#endif
