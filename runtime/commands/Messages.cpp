// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/commands/Messages.h"

#include "runtime/Error.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace dit::runtime {

void writeMessage(std::FILE *stream, std::string_view text) noexcept {
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
  std::clearerr(stream);
}

void writeResult(std::string_view text) {
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size())
    return;
  std::string reason = systemMessage(errno);
  std::clearerr(stdout);
  fail("standard output cannot be written: {}", reason);
}

void guardStandardStreams() {
  // In order, since open() gives the lowest number that is free.
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
      (void)open(fd == STDOUT_FILENO ? "/dev/full" : "/dev/null", O_RDWR);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

} // namespace dit::runtime
