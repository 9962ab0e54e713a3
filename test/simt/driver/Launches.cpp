// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Launches, and the tensor maps that they are given.
#include "Modules.h"
#include <cstdlib>
#include <cstring>

namespace standin {

namespace {

/// The memory behind every tensor map that was made.
using MapBytes = std::array<uint64_t, 16>;
std::map<MapBytes, Span> &tensorMaps() {
  static auto *all = new std::map<MapBytes, Span>;
  return *all;
}

/// Parameters as they are at the call, each at a multiple of 128 bytes.
class Parameters {
public:
  Parameters(const KernelEntry &kernel, void *const *from)
      : memory(static_cast<unsigned char *>(
            std::aligned_alloc(kStep, (kernel.count + 1) * kStep))) {
    for (unsigned i = 0; i < kernel.count; ++i) {
      if (!from[i])
        misuse("%s: parameter %u is missing", kernel.name, i);
      addresses.push_back(memory + i * kStep);
      memcpy(addresses[i], from[i], kernel.parameters[i].bytes);
    }
  }
  ~Parameters() { std::free(memory); }
  Parameters(const Parameters &) = delete;

  void **data() { return addresses.data(); }
  template <class T> T get(unsigned i) const {
    T value;
    memcpy(&value, addresses[i], sizeof value);
    return value;
  }

private:
  static constexpr size_t kStep = 128;
  unsigned char *memory;
  std::vector<void *> addresses;
};

/// What a launch touches, as far as its parameters tell.
std::vector<Span> touched(const KernelEntry &kernel,
                          const Parameters &parameters) {
  std::vector<Span> spans;
  for (unsigned i = 0; i < kernel.count; ++i) {
    const Kind kind = kernel.parameters[i].kind;
    if (kind == Kind::TensorMap) {
      auto found = tensorMaps().find(parameters.get<MapBytes>(i));
      if (found == tensorMaps().end())
        misuse("%s: parameter %u is no tensor map", kernel.name, i);
      spans.push_back(found->second);
    } else if (kind != Kind::Value) {
      if (const void *address = parameters.get<const void *>(i))
        spans.push_back({address, 1});
    }
  }
  return spans;
}

void checkLaunch(const CUfunc_st &function, const simt::LaunchShape &shape) {
  const KernelEntry &kernel = *function.kernel;
  const simt::Index &grid = shape.grid, &block = shape.block;
  const unsigned threads = block.x * block.y * block.z;
  if (!grid.x || !grid.y || !grid.z || grid.x > 0x7fffffffu || grid.y > 65535 ||
      grid.z > 65535)
    misuse("%s: a grid is 1 to 2147483647 x 65535 x 65535 blocks, but is %u x "
           "%u x %u",
           kernel.name, grid.x, grid.y, grid.z);
  if (!threads || threads > kernel.threads)
    misuse("%s: a block has at most %u threads, but was given %u", kernel.name,
           kernel.threads, threads);
  if (shape.sharedBytes > function.mostDynamicBytes)
    misuse("%s: a block has at most %u bytes of shared memory unless "
           "cuFuncSetAttribute raises it, but was given %zu",
           kernel.name, function.mostDynamicBytes, shape.sharedBytes);
  for (auto [blocks, cluster] : {std::pair(grid.x, shape.cluster.x),
                                 {grid.y, shape.cluster.y},
                                 {grid.z, shape.cluster.z}})
    if (blocks % cluster)
      misuse("%s: %u blocks are no multiple of the cluster's %u", kernel.name,
             blocks, cluster);
}

CUfunction demandFunction(CUfunction function) {
  for (CUmodule module : modules())
    for (auto &[name, known] : module->functions)
      if (&known == function) {
        if (module->device != currentDevice())
          misuse("%s is of device %d, the context of device %d", name.c_str(),
                 module->device, currentDevice());
        return function;
      }
  misuse("%p is no function of a loaded module", static_cast<void *>(function));
}

} // namespace

} // namespace standin

using namespace standin;

CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute,
                            int value) {
  const Call call("cuFuncSetAttribute");
  demandFunction(function);
  if (attribute != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES)
    misuse("attribute %d is not modelled", attribute);
  int most = 0;
  cuDeviceGetAttribute(&most,
                       CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN,
                       currentDevice());
  if (value < 0 || value > most)
    return CUDA_ERROR_INVALID_VALUE;
  function->mostDynamicBytes = value;
  return CUDA_SUCCESS;
}

CUresult cuLaunchKernel(CUfunction function, unsigned gridX, unsigned gridY,
                        unsigned gridZ, unsigned blockX, unsigned blockY,
                        unsigned blockZ, unsigned sharedBytes, CUstream stream,
                        void **parameters, void **extra) {
  const Call call("cuLaunchKernel");
  const KernelEntry &kernel = *demandFunction(function)->kernel;
  if (extra)
    misuse("%s: extra parameters are not modelled", kernel.name);
  simt::LaunchShape shape;
  shape.grid = {gridX, gridY, gridZ};
  shape.block = {blockX, blockY, blockZ};
  shape.sharedBytes = sharedBytes;
  shape.cluster = {kernel.cluster[0], kernel.cluster[1], kernel.cluster[2]};
  if (settings().schedule.order == simt::Order::Random)
    shape.residentClusters = 4;
  checkLaunch(*function, shape);

  auto held = std::make_shared<Parameters>(kernel, parameters);
  const bool captured = isCapturing(stream);
  note("%s %s", captured ? "capture" : "launch", kernel.name);
  CUmodule module = function->module;
  module->waiting += !captured;
  submit(stream, {kernel.name,
                  touched(kernel, *held),
                  {},
                  [=, &kernel] {
                    if (!modules().count(module))
                      misuse("its module was unloaded");
                    module->waiting -= !captured;
                    simt::launch(shape, settings().schedule,
                                 [&] { kernel.run(held->data()); });
                  },
                  {}});
  return CUDA_SUCCESS;
}

CUresult cuTensorMapEncodeTiled(
    CUtensorMap *map, CUtensorMapDataType type, cuuint32_t rank, void *address,
    const cuuint64_t *dims, const cuuint64_t *strides, const cuuint32_t *box,
    const cuuint32_t *elementStrides, CUtensorMapInterleave interleave,
    CUtensorMapSwizzle swizzle, CUtensorMapL2promotion,
    CUtensorMapFloatOOBfill fill) {
  const Call call("cuTensorMapEncodeTiled");
  static const std::map<CUtensorMapSwizzle, unsigned> widths = {
      {CU_TENSOR_MAP_SWIZZLE_NONE, 0},
      {CU_TENSOR_MAP_SWIZZLE_32B, 32},
      {CU_TENSOR_MAP_SWIZZLE_64B, 64},
      {CU_TENSOR_MAP_SWIZZLE_128B, 128}};
  if (rank != 2 || type != CU_TENSOR_MAP_DATA_TYPE_BFLOAT16 ||
      elementStrides[0] != 1 || elementStrides[1] != 1 ||
      interleave != CU_TENSOR_MAP_INTERLEAVE_NONE ||
      fill != CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE || !widths.count(swizzle))
    misuse("only matrices of bf16 are modelled, packed, filled with zeros");
  const Span span{address, (dims[1] - 1) * strides[0] + dims[0] * 2};
  demand(Place::Device, span, "a tensor map");
  simt::encodeTensorMap(map, address, dims[0], dims[1], strides[0], box[0],
                        box[1], widths.at(swizzle));
  MapBytes bytes;
  memcpy(&bytes, map, sizeof bytes);
  tensorMaps()[bytes] = span;
  return CUDA_SUCCESS;
}
