// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Devices and their primary contexts; what is alive when a context
// goes away or the process ends is misuse.
#include "Standin.h"
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <unistd.h>

struct CUctx_st {
  int device;
};

namespace standin {

namespace {

std::recursive_mutex oneAtATime;
const char *calling = nullptr;
bool initialised = false;
thread_local CUcontext current = nullptr;

struct Primary {
  CUctx_st context;
  int retained = 0;
};
std::map<int, Primary> &primaries() {
  static auto *all = new std::map<int, Primary>;
  return *all;
}

std::vector<std::vector<std::string> (*)()> &counts() {
  static auto *all =
      new std::vector<std::vector<std::string> (*)()>{liveObjects, liveModules};
  return *all;
}

/// Everything that a context should have lost before it is gone.
void demandNothingLeft(int device, const char *when) {
  std::vector<std::string> left = liveAllocations(device);
  for (auto count : counts())
    for (const std::string &one : count())
      left.push_back(one);
  if (left.empty())
    return;
  std::string text;
  for (const std::string &one : left)
    text += (text.empty() ? "" : ", ") + one;
  misuse("%s there is left: %s", when, text.c_str());
}

__attribute__((destructor)) void checkAtExit() {
  for (auto &[device, primary] : primaries())
    if (primary.retained) {
      demandNothingLeft(device, "at the process's end");
      misuse("at the process's end the context of device %d is retained",
             device);
    }
}

} // namespace

void leave() {
  fputc('\n', stderr);
  fflush(nullptr);
  _exit(3);
}

void misuse(const char *format, ...) {
  fputs("stand-in driver: error: ", stderr);
  if (!running().empty())
    fprintf(stderr, "%s: ", running().c_str());
  else if (calling)
    fprintf(stderr, "%s: ", calling);
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  leave();
}

Call::Call(const char *name, Needs needs) {
  oneAtATime.lock();
  calling = name;
  if (needs >= Needs::Driver && !initialised)
    misuse("before cuInit");
  if (needs >= Needs::Context && !current)
    misuse("this thread has no context");
  if (needs >= Needs::Context && !primaries()[current->device].retained)
    misuse("this thread's context was released");
  if (needs >= Needs::NoCapture && threadCaptures())
    misuse("while a stream is being captured");
}

Call::~Call() {
  calling = nullptr;
  oneAtATime.unlock();
}

void watch(std::vector<std::string> (*count)()) { counts().push_back(count); }

int currentDevice() { return current ? current->device : 0; }

} // namespace standin

using namespace standin;

namespace {

struct Error {
  CUresult code;
  const char *name, *text;
};
const Error kErrors[] = {
    {CUDA_SUCCESS, "CUDA_SUCCESS", "no error"},
    {CUDA_ERROR_INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {CUDA_ERROR_OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {CUDA_ERROR_NO_DEVICE, "CUDA_ERROR_NO_DEVICE",
     "no CUDA-capable device is detected"},
    {CUDA_ERROR_INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE",
     "invalid device ordinal"},
    {CUDA_ERROR_INVALID_IMAGE, "CUDA_ERROR_INVALID_IMAGE",
     "device kernel image is invalid"},
    {CUDA_ERROR_NO_BINARY_FOR_GPU, "CUDA_ERROR_NO_BINARY_FOR_GPU",
     "no kernel image is available for execution on the device"},
    {CUDA_ERROR_INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE",
     "invalid resource handle"},
    {CUDA_ERROR_NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {CUDA_ERROR_NOT_READY, "CUDA_ERROR_NOT_READY", "device not ready"},
};

CUresult describe(CUresult error, const char **to, const char *Error::*what) {
  for (const Error &known : kErrors)
    if (known.code == error) {
      *to = known.*what;
      return CUDA_SUCCESS;
    }
  *to = nullptr;
  return CUDA_ERROR_INVALID_VALUE;
}

bool isDevice(CUdevice device) {
  return device >= 0 && device < settings().devices;
}

/// What a block may ask for beyond 48 KB, as the architectures have it.
int mostSharedBytes() {
  const Settings &gpu = settings();
  if (gpu.major == 8)
    return (gpu.minor == 0 || gpu.minor == 7 ? 163 : 99) << 10;
  return (gpu.major == 9 || gpu.major == 10 ? 227 : 99) << 10;
}

} // namespace

CUresult cuGetErrorName(CUresult error, const char **name) {
  return describe(error, name, &Error::name);
}

CUresult cuGetErrorString(CUresult error, const char **text) {
  return describe(error, text, &Error::text);
}

CUresult cuInit(unsigned) {
  const Call call("cuInit", Needs::Nothing);
  if (settings().devices < 1)
    return CUDA_ERROR_NO_DEVICE;
  initialised = true;
  return CUDA_SUCCESS;
}

CUresult cuDriverGetVersion(int *version) {
  *version = settings().driverVersion;
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetCount(int *count) {
  const Call call("cuDeviceGetCount", Needs::Driver);
  *count = settings().devices;
  return CUDA_SUCCESS;
}

CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  const Call call("cuDeviceGet", Needs::Driver);
  *device = ordinal;
  return isDevice(ordinal) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}

CUresult cuDeviceGetName(char *name, int length, CUdevice device) {
  const Call call("cuDeviceGetName", Needs::Driver);
  snprintf(name, length, "%s", settings().name.c_str());
  return isDevice(device) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute,
                              CUdevice device) {
  const Call call("cuDeviceGetAttribute", Needs::Driver);
  if (!isDevice(device))
    return CUDA_ERROR_INVALID_DEVICE;
  switch (attribute) {
  case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT:
    *value = 4;
    return CUDA_SUCCESS;
  case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR:
    *value = settings().major;
    return CUDA_SUCCESS;
  case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR:
    *value = settings().minor;
    return CUDA_SUCCESS;
  case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN:
    *value = mostSharedBytes();
    return CUDA_SUCCESS;
  default:
    misuse("attribute %d is not modelled", attribute);
  }
}

CUresult cuDeviceTotalMem(size_t *bytes, CUdevice device) {
  const Call call("cuDeviceTotalMem", Needs::Driver);
  *bytes = settings().memory;
  return isDevice(device) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  const Call call("cuDevicePrimaryCtxRetain", Needs::Driver);
  if (!isDevice(device))
    return CUDA_ERROR_INVALID_DEVICE;
  Primary &primary = primaries()[device];
  primary.context.device = device;
  ++primary.retained;
  *context = &primary.context;
  note("use device %d", device);
  return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRelease(CUdevice device) {
  const Call call("cuDevicePrimaryCtxRelease", Needs::Driver);
  Primary &primary = primaries()[device];
  if (!primary.retained)
    misuse("device %d's context is not retained", device);
  if (primary.retained == 1)
    demandNothingLeft(device, "in a context that is released");
  --primary.retained;
  return CUDA_SUCCESS;
}

CUresult cuCtxGetCurrent(CUcontext *context) {
  const Call call("cuCtxGetCurrent", Needs::Driver);
  *context = current;
  return CUDA_SUCCESS;
}

CUresult cuCtxSetCurrent(CUcontext context) {
  const Call call("cuCtxSetCurrent", Needs::Driver);
  current = context;
  return CUDA_SUCCESS;
}
