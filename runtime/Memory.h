// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Memory that a model is handed: zeroed, aligned, in huge pages when large.
#ifndef DIT_RUNTIME_MEMORY_H
#define DIT_RUNTIME_MEMORY_H

#include <cstddef>
#include <cstdint>
#include <string>

namespace dit::runtime {

/// `bytes` of zeroed memory aligned to 64 (2 MiB and huge pages from 4 MiB on).
/// An object of 0 bytes still has an address. Throws an Error that says how
/// much was wanted for `what`.
class Memory {
public:
  Memory() = default;
  Memory(int64_t bytes, const char *what);
  ~Memory();
  Memory(Memory &&other) noexcept;
  Memory &operator=(Memory &&other) noexcept;

  void *data() const { return address; }
  template <typename T> T *as() const { return static_cast<T *>(address); }
  int64_t bytes() const { return size; }

private:
  void *address = nullptr;
  int64_t size = 0;
  size_t mapped = 0; ///< length of the mapping, 0 for memory of the heap
};

/// "2.7 GB", "640 KB": decimal units, two digits at least.
std::string showBytes(double bytes);

} // namespace dit::runtime

#endif // DIT_RUNTIME_MEMORY_H
