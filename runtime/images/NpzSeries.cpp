// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The order of writes is what makes a kill harmless: samples reach the disk
// before the journal counts them, and the file gets its name when it is whole.
#include "runtime/images/NpzSeries.h"

#include "runtime/Error.h"
#include "runtime/Json.h"
#include "runtime/MappedFile.h"
#include "runtime/OpenedInputs.h"
#include "runtime/OutputFile.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

namespace dit::runtime {

using Json = nlohmann::ordered_json;

static std::string textOf(const Json &json, int indent = -1) {
  return json.dump(indent, ' ', true, Json::error_handler_t::replace);
}

static bool exists(const std::string &path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0;
}

Array arrayOf(const Json &settings) {
  constexpr int64_t most = int64_t{1} << 31;
  nlohmann::json plain = nlohmann::json::parse(textOf(settings));
  JsonReader reader(plain, "settings key");
  Array array;
  array.dtype = reader.choice("dtype", {"|u1", "<f4"});
  std::vector<int64_t> samples = reader.integers("samples", 0, most);
  if (samples.size() != 2 || samples[0] >= samples[1])
    fail("{} must be a first and a later last sample", reader.name("samples"));
  array.shape = {samples[1] - samples[0]};
  array.bytes = static_cast<size_t>(array.shape[0]);
  array.bytes *= array.dtype == "<f4" ? 4 : 1;
  for (int64_t extent : reader.integers("shape", 1, 1 << 16)) {
    array.shape.push_back(extent);
    if (__builtin_mul_overflow(array.bytes, static_cast<size_t>(extent),
                               &array.bytes) ||
        array.bytes > size_t{1} << 60)
      fail("{} is too large", reader.name("shape"));
  }
  return array;
}

NpzSeries::NpzSeries(std::string path, Json settings)
    : path(std::move(path)), part(this->path + ".part"),
      journalPath(part + ".json"), array(arrayOf(settings)),
      settings(std::move(settings)) {
  refuseInput(this->path);
  refuseInput(part);
  constexpr size_t longest = 65'535; // of a zip's comment
  if (textOf(this->settings).size() > longest)
    fail("{}: the settings take more than {} bytes", this->path, longest);
  if (isFinished() && !exists(part)) {
    samples = size();
    unlink(journalPath.c_str());
    return;
  }
  fd = open(part.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0)
    failWriting(errno);
  try {
    struct stat mine, named;
    // The other may also have renamed the file since it was opened.
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &mine) != 0 ||
        stat(part.c_str(), &named) != 0 || mine.st_ino != named.st_ino)
      fail("{}: another process is writing it", part);
    const std::string header = npyHeader(this->array);
    crc = crc32(0, header.data(), header.size());
    NpzFrame frame = npzFrame("arr_0", this->array, 0);
    dataAt = static_cast<int64_t>(frame.before.size());
    if (exists(journalPath)) {
      resume(std::string(MappedFile(journalPath).bytes()));
      return;
    }
    if (ftruncate(fd, 0) != 0)
      failWriting(errno);
    // Finds a disk that is too small now, where the file system can.
    auto bytes = static_cast<off_t>(this->array.bytes) + dataAt;
    if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, bytes) != 0 &&
        (errno == ENOSPC || errno == EFBIG || errno == EDQUOT))
      fail("{}: {} bytes cannot be reserved: {}", part, bytes,
           systemMessage(errno));
    writeAt(frame.before.data(), frame.before.size(), 0);
    writeJournal();
  } catch (...) {
    close(fd);
    throw;
  }
}

NpzSeries::~NpzSeries() {
  if (fd >= 0)
    close(fd);
}

/// Whether the file is there. Another series is not replaced: it took hours.
bool NpzSeries::isFinished() const {
  if (!exists(path))
    return false;
  Json there;
  try {
    there = npzSettings(MappedFile(path).bytes());
  } catch (const Error &) {
    return false; // another file, which will be replaced
  }
  checkSame(nlohmann::json::parse(textOf(there)), path, path);
  return there == settings;
}

/// Throws where `then`, the settings of `file`, are others.
void NpzSeries::checkSame(const nlohmann::json &then, const std::string &file,
                          const std::string &toDelete) const {
  nlohmann::json now = nlohmann::json::parse(textOf(settings));
  std::vector<std::string> differences;
  for (const auto &[key, value] : now.items())
    if (!then.contains(key) || then[key] != value)
      differences.push_back(fmt::format(
          "{}: {} with {} {}, but now it is {}; give the same, or delete {} to "
          "begin again",
          file, file == path ? "made" : "begun", key,
          then.contains(key) ? shown(then[key]) : "unset", shown(value),
          toDelete));
  if (!differences.empty())
    throw Error(differences);
}

void NpzSeries::resume(const std::string &journal) {
  try {
    // Both through the strict reader, which orders no keys.
    nlohmann::json text = parseJson(journal, "the journal");
    JsonReader reader(text, "journal key");
    const nlohmann::json &then = reader.at("settings");
    checkSame(then, part, journalPath);
    samples = reader.integer("done", 0, size());
    verifyData(static_cast<uint32_t>(reader.integer("crc32", 0, 0xffffffff)));
  } catch (const Error &e) {
    if (e.sentences()[0].starts_with(part))
      throw;
    fail("{}: {}", journalPath, e.sentences()[0]);
  }
}

/// Reads the samples that the journal counts; cuts off what follows them.
void NpzSeries::verifyData(uint32_t expected) {
  std::vector<char> buffer(1 << 20);
  int64_t at = dataAt,
          end = dataAt + samples * static_cast<int64_t>(sampleBytes());
  while (at < end) {
    auto want =
        std::min<int64_t>(end - at, static_cast<int64_t>(buffer.size()));
    ssize_t n = pread(fd, buffer.data(), static_cast<size_t>(want), at);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      fail("{}: has {} bytes, but its journal counts {} samples, {} bytes; "
           "delete {} to begin again",
           part, at, samples, end, journalPath);
    crc = crc32(crc, buffer.data(), static_cast<size_t>(n));
    at += n;
  }
  if (crc != expected)
    fail(
        "{}: its {} samples have checksum {:08x}, but its journal says {:08x}; "
        "delete {} to begin again",
        part, samples, crc, expected, journalPath);
  if (ftruncate(fd, end) != 0)
    failWriting(errno);
}

void NpzSeries::failWriting(int code) const {
  fail("{}: cannot be written: {}", part, systemMessage(code));
}

void NpzSeries::writeAt(const void *data, size_t bytes, int64_t offset) {
  const char *at = static_cast<const char *>(data);
  while (bytes > 0) {
    ssize_t n = pwrite(fd, at, bytes, offset);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      failWriting(n < 0 ? errno : EIO);
    at += n;
    offset += n;
    bytes -= static_cast<size_t>(n);
  }
}

void NpzSeries::writeJournal() {
  if (fdatasync(fd) != 0)
    failWriting(errno);
  OutputFile file(journalPath);
  file.write(
      textOf({{"settings", settings}, {"done", samples}, {"crc32", crc}}, 1));
  file.write("\n");
  file.commit();
}

void NpzSeries::append(const void *data, size_t bytes) {
  writeAt(data, bytes, dataAt + samples * static_cast<int64_t>(sampleBytes()));
  crc = crc32(crc, data, bytes);
  samples += static_cast<int64_t>(bytes / sampleBytes());
  writeJournal();
}

void NpzSeries::finish(std::span<const int32_t> labels) {
  if (fd < 0)
    return;
  std::vector<int64_t> wide(labels.begin(), labels.end());
  NpzFrame frame = npzFrame("arr_0", array, crc, wide, textOf(settings));
  writeAt(frame.after.data(), frame.after.size(),
          dataAt + static_cast<int64_t>(array.bytes));
  writeAt(frame.before.data(), frame.before.size(), 0);
  if (fsync(fd) != 0)
    failWriting(errno);
  if (rename(part.c_str(), path.c_str()) != 0)
    fail("{}: cannot be written: {}", path, systemMessage(errno));
  unlink(journalPath.c_str());
}

Json npzSettings(std::string_view file) {
  constexpr std::string_view end("PK\x05\x06", 4);
  constexpr size_t endBytes = 22;
  size_t at = file.rfind(end);
  if (at == std::string_view::npos || file.size() - at < endBytes ||
      file.size() - at == endBytes)
    fail("was not made by ditc sample --count: it has no settings");
  std::string_view comment = file.substr(at + endBytes);
  parseJson(comment, "the settings"); // its syntax; then with the keys' order
  return Json::parse(comment);
}

/// The labels where a whole file has them; its other bytes may be anything.
static std::vector<int64_t> labelsAt(std::string_view file,
                                     const Array &array) {
  std::vector<int64_t> labels(static_cast<size_t>(array.shape[0]));
  NpzFrame blank = npzFrame("arr_0", array, 0, labels);
  // Behind the data: the second member, and then both ends of the directory.
  size_t member = blank.after.find("PK\x01\x02");
  size_t end = blank.before.size() + array.bytes + member;
  size_t bytes = labels.size() * sizeof(int64_t);
  if (file.size() < end)
    return {};
  std::memcpy(labels.data(), file.data() + end - bytes, bytes);
  return labels;
}

std::string_view npzSamples(std::string_view file) {
  Json settings = npzSettings(file);
  Array array = arrayOf(settings);
  std::string header = npyHeader(array);
  size_t at = npzFrame("arr_0", array, 0).before.size();
  size_t bytes = file.size() < at ? 0 : std::min(array.bytes, file.size() - at);
  std::string_view samples =
      bytes < array.bytes ? std::string_view() : file.substr(at, bytes);
  uint32_t crc = crc32(0, header.data(), header.size());
  crc = crc32(crc, samples.data(), samples.size());
  NpzFrame frame =
      npzFrame("arr_0", array, crc, labelsAt(file, array), textOf(settings));
  if (file.size() != at + array.bytes + frame.after.size() ||
      !file.starts_with(frame.before) || !file.ends_with(frame.after))
    fail("is damaged: its {} samples do not have the checksum of its header",
         array.shape[0]);
  return samples;
}

std::vector<int32_t> npzLabels(std::string_view file) {
  std::vector<int64_t> labels = labelsAt(file, arrayOf(npzSettings(file)));
  return {labels.begin(), labels.end()};
}

} // namespace dit::runtime
