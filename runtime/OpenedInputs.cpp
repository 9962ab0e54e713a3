// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files are the same where device and inode are, whatever their names.
#include "runtime/OpenedInputs.h"

#include "runtime/Error.h"

#include <sys/stat.h>

#include <map>
#include <mutex>
#include <optional>

namespace dit::runtime {

namespace {

using Identity = std::pair<dev_t, ino_t>;

std::mutex turn;
std::optional<std::map<Identity, std::string>> opened;

std::optional<Identity> identityOf(const std::string &path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode))
    return std::nullopt;
  return Identity{info.st_dev, info.st_ino};
}

} // namespace

OpenedInputs::OpenedInputs() {
  std::lock_guard lock(turn);
  opened.emplace();
}

OpenedInputs::~OpenedInputs() {
  std::lock_guard lock(turn);
  opened.reset();
}

void rememberInput(const std::string &path) {
  std::lock_guard lock(turn);
  if (!opened)
    return;
  if (auto identity = identityOf(path))
    opened->emplace(*identity, path);
}

void refuseInput(const std::string &path) {
  std::lock_guard lock(turn);
  if (!opened)
    return;
  auto identity = identityOf(path);
  if (!identity)
    return;
  auto it = opened->find(*identity);
  if (it == opened->end())
    return;
  if (it->second == path)
    fail("{}: is read by this command, which may not write over it", path);
  fail("{}: is the file {}, which this command reads and may not write over",
       path, it->second);
}

} // namespace dit::runtime
