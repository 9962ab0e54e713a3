// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mmap of a regular file, with errors that name it.
#include "runtime/MappedFile.h"

#include "runtime/Error.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace dit::runtime {

MappedFile::MappedFile(std::string path) : filePath(std::move(path)) {
  // O_NONBLOCK: opening a pipe must not wait for a writer.
  int fd = open(filePath.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    fail("{}: cannot be opened: {}", filePath, systemMessage(errno));
  struct stat info;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(fd);
    fail("{}: must be a regular file, but is {}", filePath,
         S_ISDIR(info.st_mode) ? "a directory" : "a device, pipe or socket");
  }
  size = static_cast<size_t>(info.st_size);
  if (size > 0) {
    void *mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    int code = errno;
    if (mapped == MAP_FAILED) {
      close(fd);
      fail("{}: {} bytes cannot be mapped: {}", filePath, size,
           systemMessage(code));
    }
    data = static_cast<const char *>(mapped);
  }
  close(fd);
}

MappedFile::~MappedFile() {
  if (data)
    munmap(const_cast<char *>(data), size);
}

void MappedFile::forget(size_t begin, size_t count) const noexcept {
  size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  size_t first = begin / page * page;
  if (count > 0 && begin + count <= size)
    madvise(const_cast<char *>(data) + first, begin + count - first,
            MADV_DONTNEED);
}

} // namespace dit::runtime
