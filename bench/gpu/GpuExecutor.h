// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What kernel_calls.py's functions are made of: a check calls a kernel by its
// name, and the kernel of that name in the cubin is launched.
#ifndef DIT_BENCH_GPU_GPUEXECUTOR_H
#define DIT_BENCH_GPU_GPUEXECUTOR_H

#include <cstdint>

namespace gpu {

/// A tensor map as a kernel takes it, by value.
struct alignas(64) Map {
  uint64_t opaque[16];
};

/// Addresses within the check's buffers become those of their copies on the
/// device, null stays null; others end the process.
uint64_t onDevice(const void *host);

inline uint64_t passed(const void *pointer) { return onDevice(pointer); }
inline int passed(int value) { return value; }
inline float passed(float value) { return value; }
inline Map passed(Map map) { return map; }

void launch(const char *kernel, void **parameters);

/// Launches `kernel` once, in the shape that the check asked for.
template <typename... Arguments>
void call(const char *kernel, Arguments... arguments) {
  auto launchWith = [&](auto... values) {
    void *parameters[] = {&values..., nullptr};
    launch(kernel, parameters);
  };
  launchWith(passed(arguments)...);
}

} // namespace gpu

#endif // DIT_BENCH_GPU_GPUEXECUTOR_H
