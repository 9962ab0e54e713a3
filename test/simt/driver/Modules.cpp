// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Modules, tensor maps and launches. A cubin is believed in what it says of its
// kernels; what runs is the same text compiled for the host.
#include "Cubin.h"
#include "KernelTable.h"
#include "Standin.h"
#include <array>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <map>
#include <set>

struct CUfunc_st {
  const standin::KernelEntry *kernel;
  CUmodule module;
  unsigned mostDynamicBytes = 48 << 10; ///< without cuFuncSetAttribute
};

struct CUmod_st {
  standin::Cubin cubin;
  int device = 0;
  std::map<std::string, CUfunc_st> functions;
  size_t waiting = 0; ///< launches that have not run
};

namespace standin {

namespace {

std::set<CUmodule> &modules() {
  static auto *all = new std::set<CUmodule>;
  return *all;
}

/// The memory behind every tensor map that was made.
using MapBytes = std::array<uint64_t, 16>;
std::map<MapBytes, Span> &tensorMaps() {
  static auto *all = new std::map<MapBytes, Span>;
  return *all;
}

const std::vector<const KernelTable *> &tables() {
  static const auto *all = [] {
    auto *list = new std::vector<const KernelTable *>;
    for (const std::string &path : settings().kernels) {
      void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
      void *table = library ? dlsym(library, DIT_STANDIN_TABLE_NAME) : nullptr;
      if (!table)
        misuse("DIT_STANDIN_KERNELS: %s", dlerror());
      list->push_back(reinterpret_cast<GetTable>(table)());
    }
    return list;
  }();
  return *all;
}

bool agrees(const KernelTable &table, const Cubin &cubin) {
  if (table.arch != cubin.arch || table.count != cubin.kernels.size())
    return false;
  for (unsigned i = 0; i < table.count; ++i)
    if (!cubin.kernels.count(table.kernels[i].name))
      return false;
  return true;
}

/// The kernels of a cubin, compiled for the host.
const KernelTable &tableOf(const Cubin &cubin) {
  for (const KernelTable *table : tables())
    if (agrees(*table, cubin))
      return *table;
  misuse("none of %zu files in DIT_STANDIN_KERNELS has exactly the %zu kernels "
         "of this cubin for %s, of which the first is %s",
         tables().size(), cubin.kernels.size(), cubin.arch.c_str(),
         cubin.kernels.empty() ? "" : cubin.kernels.begin()->first.c_str());
}

void compare(const KernelEntry &host, const CubinKernel &gpu) {
  std::vector<unsigned> bytes;
  for (unsigned i = 0; i < host.count; ++i)
    bytes.push_back(host.parameters[i].bytes);
  if (bytes != gpu.parameterBytes)
    misuse("%s has other parameters in the cubin than for the host", host.name);
  if (gpu.mostThreads != host.threads)
    misuse("%s has %u threads in the cubin, %u for the host", host.name,
           gpu.mostThreads, host.threads);
}

/// sm_90a runs on 9.0 alone, sm_86 on 8.6 and later ones of 8.
bool runsHere(const std::string &arch) {
  const int number = atoi(arch.c_str() + 3), major = number / 10;
  const bool exact = !isdigit(arch.back());
  const Settings &gpu = settings();
  return major == gpu.major &&
         (exact ? number % 10 == gpu.minor : number % 10 <= gpu.minor);
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

std::vector<std::string> liveModules() {
  if (modules().empty())
    return {};
  return {std::to_string(modules().size()) + " modules"};
}

} // namespace standin

using namespace standin;

CUresult cuModuleLoadData(CUmodule *module, const void *image) {
  const Call call("cuModuleLoadData", Needs::NoCapture);
  CUmod_st loaded;
  if (!readCubin(image, loaded.cubin))
    return CUDA_ERROR_INVALID_IMAGE;
  if (!runsHere(loaded.cubin.arch))
    return CUDA_ERROR_NO_BINARY_FOR_GPU;
  const KernelTable &table = tableOf(loaded.cubin);
  loaded.device = currentDevice();
  *module = new CUmod_st(std::move(loaded));
  for (unsigned i = 0; i < table.count; ++i) {
    const KernelEntry &kernel = table.kernels[i];
    compare(kernel, (*module)->cubin.kernels[kernel.name]);
    (*module)->functions[kernel.name] = {&kernel, *module};
  }
  modules().insert(*module);
  note("load %u kernels for %s", table.count, table.arch);
  return CUDA_SUCCESS;
}

CUresult cuModuleUnload(CUmodule module) {
  const Call call("cuModuleUnload", Needs::NoCapture);
  if (!modules().count(module))
    misuse("%p is no module", static_cast<void *>(module));
  if (module->waiting)
    misuse("%zu launches of its kernels were not waited for", module->waiting);
  modules().erase(module);
  delete module;
  return CUDA_SUCCESS;
}

CUresult cuModuleGetFunction(CUfunction *function, CUmodule module,
                             const char *name) {
  const Call call("cuModuleGetFunction");
  if (!modules().count(module))
    misuse("%p is no module", static_cast<void *>(module));
  auto found = module->functions.find(name);
  if (found == module->functions.end())
    return CUDA_ERROR_NOT_FOUND;
  *function = &found->second;
  return CUDA_SUCCESS;
}

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
