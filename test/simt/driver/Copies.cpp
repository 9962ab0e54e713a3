// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Copies, each as late as its stream's other work. What lies in pinned memory
// is read and written by the device then; what does not is copied by the call.
#include "Standin.h"
#include <cstring>

using namespace standin;

static void *pointer(CUdeviceptr address) {
  return reinterpret_cast<void *>(address);
}

/// A captured copy would read or write the host's memory at every replay.
static void demandNoCapture(CUstream stream) {
  if (isCapturing(stream))
    misuse("a copy between the device and memory that is not pinned cannot be "
           "captured");
}

CUresult cuMemcpyHtoDAsync(CUdeviceptr to, const void *from, size_t bytes,
                           CUstream stream) {
  const Call call("cuMemcpyHtoDAsync");
  note("upload %zu bytes", bytes);
  Command copy{"an upload", {{pointer(to), bytes}}, {}, {}, {}};
  if (placeOf(from) != Place::Pageable) {
    copy.pinned = {{from, bytes}};
    copy.run = [=] { memcpy(pointer(to), from, bytes); };
  } else {
    demandNoCapture(stream);
    const auto *begin = static_cast<const unsigned char *>(from);
    copy.run = [to, held = std::vector<unsigned char>(begin, begin + bytes)] {
      memcpy(pointer(to), held.data(), held.size());
    };
  }
  submit(stream, std::move(copy));
  return CUDA_SUCCESS;
}

CUresult cuMemcpyDtoHAsync(void *to, CUdeviceptr from, size_t bytes,
                           CUstream stream) {
  const Call call("cuMemcpyDtoHAsync");
  note("download %zu bytes", bytes);
  Command copy{"a download", {{pointer(from), bytes}}, {}, {}, {}};
  copy.run = [=] { memcpy(to, pointer(from), bytes); };
  const bool waits = placeOf(to) == Place::Pageable;
  if (waits) {
    demandNoCapture(stream);
  } else {
    copy.pinned = {{to, bytes}};
    copy.result = {to, bytes};
  }
  submit(stream, std::move(copy));
  if (waits)
    finish(stream);
  return CUDA_SUCCESS;
}

CUresult cuMemcpyDtoDAsync(CUdeviceptr to, CUdeviceptr from, size_t bytes,
                           CUstream stream) {
  const Call call("cuMemcpyDtoDAsync");
  note("copy %zu bytes", bytes);
  submit(stream, {"a copy",
                  {{pointer(to), bytes}, {pointer(from), bytes}},
                  {},
                  [=] { memmove(pointer(to), pointer(from), bytes); },
                  {}});
  return CUDA_SUCCESS;
}

CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t bytes,
                         CUstream stream) {
  const Call call("cuMemsetD8Async");
  submit(stream, {"a memset",
                  {{pointer(to), bytes}},
                  {},
                  [=] { memset(pointer(to), value, bytes); },
                  {}});
  return CUDA_SUCCESS;
}
