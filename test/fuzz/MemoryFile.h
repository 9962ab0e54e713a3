// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Bytes as a file, for readers that map one.
#ifndef DIT_TEST_FUZZ_MEMORYFILE_H
#define DIT_TEST_FUZZ_MEMORYFILE_H

#include <cstdlib>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

/// Lives in memory, and has a path while the object lives.
class MemoryFile {
public:
  explicit MemoryFile(std::string_view bytes) : fd(memfd_create("input", 0)) {
    if (fd < 0 || write(fd, bytes.data(), bytes.size()) !=
                      static_cast<ssize_t>(bytes.size()))
      std::abort();
  }
  ~MemoryFile() { close(fd); }
  MemoryFile(const MemoryFile &) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(fd); }

private:
  int fd;
};

#endif // DIT_TEST_FUZZ_MEMORYFILE_H
