// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Memory that ends where a page ends that nobody may touch: compiled code has
// no AddressSanitizer, so that the machine has to notice.
#ifndef DIT_TEST_UNIT_CODEGEN_FENCEDBUFFER_H
#define DIT_TEST_UNIT_CODEGEN_FENCEDBUFFER_H

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <sys/mman.h>

namespace dit::test {

class FencedBuffer {
public:
  /// `bytes` of NaN; a multiple of 64 begins at one too.
  explicit FencedBuffer(int64_t bytes)
      : bytes(bytes), mapped((bytes / kPage + 2) * kPage) {
    void *at = mmap(nullptr, mapped, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
      throw std::runtime_error("no memory for a test's buffer");
    base = static_cast<char *>(at);
    mprotect(base + mapped - kPage, kPage, PROT_NONE);
    std::ranges::fill(floats(), std::numeric_limits<float>::quiet_NaN());
  }
  FencedBuffer(FencedBuffer &&other)
      : bytes(other.bytes), mapped(other.mapped),
        base(std::exchange(other.base, nullptr)) {}
  FencedBuffer(const FencedBuffer &) = delete;
  ~FencedBuffer() {
    if (base)
      munmap(base, mapped);
  }

  template <typename T> static FencedBuffer of(const T &values) {
    FencedBuffer buffer(values.size() * sizeof(*values.data()));
    std::copy_n(reinterpret_cast<const char *>(values.data()), buffer.bytes,
                static_cast<char *>(buffer.data()));
    return buffer;
  }

  void *data() const { return base + mapped - kPage - bytes; }
  std::span<float> floats() const {
    return {static_cast<float *>(data()), size_t(bytes / 4)};
  }

private:
  static constexpr int64_t kPage = 4096;

  int64_t bytes, mapped;
  char *base;
};

} // namespace dit::test

#endif // DIT_TEST_UNIT_CODEGEN_FENCEDBUFFER_H
