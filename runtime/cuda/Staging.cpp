// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/cuda/Staging.h"

#include <algorithm>
#include <cstring>

namespace dit::runtime::cuda {

/// Large enough for a transfer at full speed, small beside a host's memory.
static constexpr int64_t chunkBytes = int64_t{8} << 20;

Staging::Staging(std::shared_ptr<const Gpu> onGpu)
    : gpu(std::move(onGpu)), chunks{Chunk(gpu), Chunk(gpu)} {}

Staging::Chunk &Staging::take(int64_t bytes) {
  Chunk &chunk = chunks[next];
  next = 1 - next;
  chunk.travelled.wait();
  if (!chunk.memory.data() || chunk.memory.bytes() < bytes) {
    chunk.memory = DeviceMemory();
    chunk.memory =
        allocatePinned(gpu, std::max<int64_t>(bytes, 1 << 16), "copies");
  }
  return chunk;
}

void Staging::upload(void *to, const void *from, int64_t bytes, Stream stream) {
  CurrentContext current(*gpu);
  for (int64_t at = 0; at < bytes; at += chunkBytes) {
    int64_t part = std::min(chunkBytes, bytes - at);
    Chunk &chunk = take(part);
    std::memcpy(chunk.memory.data(), static_cast<const char *>(from) + at,
                static_cast<size_t>(part));
    gpu->driver.check(
        gpu->driver.cuMemcpyHtoDAsync(
            reinterpret_cast<DevicePointer>(static_cast<char *>(to) + at),
            chunk.memory.data(), static_cast<size_t>(part), stream),
        "a copy to the GPU failed");
    chunk.travelled.record(stream);
  }
}

void Staging::download(void *to, const void *from, int64_t bytes,
                       Stream stream) {
  CurrentContext current(*gpu);
  struct Part {
    Chunk *chunk = nullptr;
    int64_t at = 0, bytes = 0;
  } before;
  auto empty = [&](const Part &part) {
    if (!part.chunk)
      return;
    part.chunk->travelled.wait();
    std::memcpy(static_cast<char *>(to) + part.at, part.chunk->memory.data(),
                static_cast<size_t>(part.bytes));
  };
  for (int64_t at = 0; at < bytes; at += chunkBytes) {
    int64_t count = std::min(chunkBytes, bytes - at);
    Part part{&take(count), at, count};
    gpu->driver.check(
        gpu->driver.cuMemcpyDtoHAsync(part.chunk->memory.data(),
                                      reinterpret_cast<DevicePointer>(
                                          static_cast<const char *>(from) + at),
                                      static_cast<size_t>(count), stream),
        "a copy from the GPU failed");
    part.chunk->travelled.record(stream);
    empty(before);
    before = part;
  }
  empty(before);
}

} // namespace dit::runtime::cuda
