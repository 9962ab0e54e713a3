// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Modules. A cubin is believed in what it says of its kernels; what runs is the
// same text compiled for the host.
#include "Modules.h"
#include <cstdlib>
#include <dlfcn.h>

namespace standin {

std::set<CUmodule> &modules() {
  static auto *all = new std::set<CUmodule>;
  return *all;
}

namespace {

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

/// The kernels of a cubin, compiled for the host. Names tell them from others:
/// two sizes of a model with as many tokens cannot be told apart.
const KernelTable &tableOf(const Cubin &cubin) {
  const KernelTable *found = nullptr;
  for (const KernelTable *table : tables())
    if (agrees(*table, cubin)) {
      if (found && found != table)
        misuse("two files in DIT_STANDIN_KERNELS have the %u kernels of this "
               "cubin for %s, of which the first is %s",
               table->count, cubin.arch.c_str(),
               cubin.kernels.begin()->first.c_str());
      found = table;
    }
  if (found)
    return *found;
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
