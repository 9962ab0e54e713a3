// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// O_TMPFILE where the file system has it, so that even a killed program leaves
// nothing; else a hidden temporary name.
#include "runtime/OutputFile.h"

#include "runtime/Error.h"
#include "runtime/OpenedInputs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace dit::runtime {

static std::string folderOf(const std::string &path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos)
    return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// `path` with links followed, when it names something that exists.
static std::string followLinks(const std::string &path) {
  char *resolved = realpath(path.c_str(), nullptr);
  std::string result = resolved ? resolved : path;
  std::free(resolved);
  return result;
}

OutputFile::OutputFile(std::string path, int64_t expectedBytes)
    : finalPath(std::move(path)), target(followLinks(finalPath)) {
  if (finalPath == "-") {
    direct = true;
    fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (fd < 0)
      failWriting(errno);
    return;
  }
  refuseInput(finalPath);
  struct stat info;
  if (stat(target.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode))
      fail("{}: cannot be written: it is a directory", finalPath);
    direct = !S_ISREG(info.st_mode);
    // Replacing a file needs only its folder; a file marked read-only was
    // meant.
    if (!direct && access(target.c_str(), W_OK) != 0)
      failWriting(errno);
  }
  if (direct) {
    fd = open(target.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0)
      failWriting(errno);
    return;
  }
  openTemporary(folderOf(target));
  try {
    reserve(expectedBytes);
  } catch (...) {
    close(fd);
    if (!temporaryName.empty())
      unlink(temporaryName.c_str());
    throw;
  }
}

void OutputFile::openTemporary(const std::string &folder) {
  constexpr mode_t mode = 0666; // less the user's mask
  fd = open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
  if (fd >= 0)
    return;
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::string name =
        fmt::format("{}/.ditc-{}-{}.tmp", folder, getpid(), attempt);
    fd = open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd >= 0) {
      temporaryName = name;
      return;
    }
    if (errno != EEXIST)
      failWriting(errno);
  }
  failWriting(EEXIST);
}

void OutputFile::reserve(int64_t bytes) {
  // Not posix_fallocate: where there is no support it writes every block.
  if (bytes > 0 && fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, bytes) != 0 &&
      (errno == ENOSPC || errno == EFBIG || errno == EDQUOT))
    fail("{}: {} bytes cannot be reserved: {}", finalPath, bytes,
         systemMessage(errno));
}

void OutputFile::failWriting(int code) const {
  fail("{}: cannot be written: {}", finalPath, systemMessage(code));
}

bool OutputFile::tryWrite(const void *data, size_t bytes) noexcept {
  const char *at = static_cast<const char *>(data);
  while (bytes > 0 && !failure) {
    ssize_t n = ::write(fd, at, bytes);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0) {
      failure = n < 0 ? errno : EIO;
      break;
    }
    at += n;
    bytes -= static_cast<size_t>(n);
    written += n;
  }
  return !failure;
}

void OutputFile::write(const void *data, size_t bytes) {
  tryWrite(data, bytes);
  checkWritten();
}

void OutputFile::checkWritten() const {
  if (failure)
    failWriting(failure);
}

void OutputFile::commit() {
  checkWritten();
  if (!direct)
    refuseInput(finalPath); // what was opened since
  if (!direct) {
    // Gives back what was reserved in excess.
    if (ftruncate(fd, written) != 0 || fsync(fd) != 0)
      failWriting(errno);
    if (temporaryName.empty()) {
      std::string self = fmt::format("/proc/self/fd/{}", fd);
      for (int attempt = 0; temporaryName.empty(); ++attempt) {
        std::string name = fmt::format("{}/.ditc-{}-{}.tmp", folderOf(target),
                                       getpid(), attempt);
        if (linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(),
                   AT_SYMLINK_FOLLOW) == 0)
          temporaryName = name;
        else if (errno != EEXIST || attempt > 100)
          failWriting(errno);
      }
    }
  }
  int closed = close(fd);
  fd = -1;
  if (closed != 0)
    failWriting(errno);
  if (!direct) {
    if (rename(temporaryName.c_str(), target.c_str()) != 0)
      failWriting(errno);
    temporaryName.clear();
  }
}

OutputFile::~OutputFile() {
  if (fd >= 0)
    close(fd);
  if (!temporaryName.empty())
    unlink(temporaryName.c_str());
}

} // namespace dit::runtime
