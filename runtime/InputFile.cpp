// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// pread of a regular file, with errors that name it.
#include "runtime/InputFile.h"

#include "runtime/Error.h"
#include "runtime/OpenedInputs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace dit::runtime {

InputFile::InputFile(std::string path) : filePath(std::move(path)) {
  // O_NONBLOCK: opening a pipe must not wait for a writer.
  fd = open(filePath.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    fail("{}: cannot be opened: {}", filePath, systemMessage(errno));
  struct stat info;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(fd);
    fail("{}: must be a regular file, but is {}", filePath,
         S_ISDIR(info.st_mode) ? "a directory" : "a device, pipe or socket");
  }
  bytes = static_cast<size_t>(info.st_size);
  rememberInput(filePath);
}

InputFile::~InputFile() { close(fd); }

void InputFile::read(size_t begin, size_t count, void *to) const {
  char *at = static_cast<char *>(to);
  while (count > 0) {
    ssize_t n = pread(fd, at, count, static_cast<off_t>(begin));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      fail("{}: cannot be read: {}", filePath, systemMessage(errno));
    if (n == 0)
      fail("{}: had {} bytes when it was opened, but ends at {} now: it was "
           "cut while it was read",
           filePath, bytes, begin);
    at += n;
    begin += static_cast<size_t>(n);
    count -= static_cast<size_t>(n);
  }
}

std::string InputFile::text(size_t begin, size_t count) const {
  std::string result(count, '\0');
  read(begin, count, result.data());
  return result;
}

std::string InputFile::start(size_t count) const {
  return text(0, std::min(count, bytes));
}

std::string InputFile::all(size_t most) const {
  if (bytes > most)
    fail("{}: must have at most {} bytes, but has {}", filePath, most, bytes);
  return text(0, bytes);
}

} // namespace dit::runtime
