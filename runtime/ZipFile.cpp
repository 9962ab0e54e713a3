// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The central directory, and the local headers it points to. APPNOTE.TXT 6.3.
#include "runtime/ZipFile.h"

#include "runtime/Error.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace dit::runtime {
namespace {

constexpr size_t endBytes = 22, end64Bytes = 56, locatorBytes = 20,
                 directoryBytes = 46, localBytes = 30;
constexpr uint64_t inZip64 = 0xffffffff; ///< a field that did not fit

/// A little-endian number at `at`; the bytes must be there.
template <typename T> uint64_t number(std::string_view bytes, size_t at) {
  if (at > bytes.size() || bytes.size() - at < sizeof(T))
    fail("truncated zip archive: {} bytes were expected at byte {} of {}",
         sizeof(T), at, bytes.size());
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

/// The `count` bytes at `at`, which must be there.
std::string_view part(std::string_view bytes, uint64_t at, uint64_t count,
                      const char *what) {
  if (at > bytes.size() || count > bytes.size() - at)
    fail("{} would take {} bytes at byte {} of a zip archive of {}", what,
         count, at, bytes.size());
  return bytes.substr(at, count);
}

struct Directory {
  uint64_t begin, bytes, entries;
};

/// What the record at the archive's end says of the directory.
Directory findDirectory(std::string_view file) {
  size_t end = file.rfind("PK\x05\x06");
  if (end == std::string_view::npos || file.size() - end < endBytes ||
      file.size() - end - endBytes != number<uint16_t>(file, end + 20))
    fail("truncated or damaged zip archive: it does not end with the record "
         "of its directory");
  Directory d{number<uint32_t>(file, end + 16),
              number<uint32_t>(file, end + 12),
              number<uint16_t>(file, end + 10)};
  bool split = number<uint32_t>(file, end + 4) != 0;
  if (end >= locatorBytes &&
      file.substr(end - locatorBytes).starts_with("PK\x06\x07")) {
    uint64_t at = number<uint64_t>(file, end - locatorBytes + 8);
    std::string_view record =
        part(file, at, end64Bytes, "the zip64 record of the directory");
    if (!record.starts_with("PK\x06\x06"))
      fail("the zip64 record of the directory is not at byte {}, where the "
           "zip archive's end says",
           at);
    split = number<uint64_t>(record, 16) != 0;
    d = {number<uint64_t>(record, 48), number<uint64_t>(record, 40),
         number<uint64_t>(record, 32)};
    end = at;
  }
  if (split)
    fail("a zip archive of several files, but it must be one");
  part(file, d.begin, d.bytes, "the zip archive's directory");
  if (d.begin + d.bytes > end)
    fail("the zip archive's directory ends at byte {}, after the record that "
         "follows it at {}",
         d.begin + d.bytes, end);
  if (d.entries > d.bytes / directoryBytes)
    fail("the zip archive's directory of {} bytes cannot hold {} entries",
         d.bytes, d.entries);
  return d;
}

struct Entry {
  std::string name;
  uint64_t header, bytes;      ///< offset of the local header; of the data
  uint64_t begin = 0, end = 0; ///< of the data
};

/// Replaces the fields that did not fit by those of the zip64 extra field.
void readZip64(std::string_view extra, Entry &e, uint64_t &stored) {
  for (size_t at = 0; at < extra.size();) {
    uint64_t id = number<uint16_t>(extra, at),
             size = number<uint16_t>(extra, at + 2);
    std::string_view body = part(extra, at + 4, size, "an extra field");
    at += 4 + size;
    if (id != 1)
      continue;
    size_t next = 0;
    for (uint64_t *field : {&e.bytes, &stored, &e.header})
      if (*field == inZip64) {
        *field = number<uint64_t>(body, next);
        next += 8;
      }
    return;
  }
}

/// The entry at `at` of the directory, which is moved past it.
Entry readEntry(std::string_view directory, size_t &at) {
  std::string_view fixed =
      part(directory, at, directoryBytes, "an entry of the directory");
  if (!fixed.starts_with("PK\x01\x02"))
    fail("damaged zip archive: no entry at byte {} of the directory", at);
  uint64_t flags = number<uint16_t>(fixed, 8),
           method = number<uint16_t>(fixed, 10),
           stored = number<uint32_t>(fixed, 20),
           nameBytes = number<uint16_t>(fixed, 28),
           extraBytes = number<uint16_t>(fixed, 30),
           commentBytes = number<uint16_t>(fixed, 32);
  at += directoryBytes;
  std::string_view rest = part(
      directory, at, nameBytes + extraBytes + commentBytes, "an entry's name");
  at += rest.size();
  Entry e{std::string(rest.substr(0, nameBytes)), number<uint32_t>(fixed, 42),
          number<uint32_t>(fixed, 24)};
  readZip64(rest.substr(nameBytes, extraBytes), e, stored);
  if (flags & 1)
    fail("entry {} is encrypted", inQuotes(e.name));
  if (method != 0)
    fail("entry {} is {}, but entries must be stored uncompressed",
         inQuotes(e.name),
         method == 8 ? "deflated"
                     : fmt::format("compressed by method {}", method));
  if (stored != e.bytes)
    fail("entry {} is stored uncompressed in {} bytes, but would have {}",
         inQuotes(e.name), stored, e.bytes);
  return e;
}

/// Finds the data behind the local header, which must agree on the name.
void locate(std::string_view file, const Directory &directory, Entry &e) {
  std::string_view header = part(file, e.header, localBytes, "a local header");
  if (!header.starts_with("PK\x03\x04"))
    fail("entry {} is not at byte {}, where the zip archive's directory says",
         inQuotes(e.name), e.header);
  uint64_t nameBytes = number<uint16_t>(header, 26),
           extraBytes = number<uint16_t>(header, 28);
  if (part(file, e.header + localBytes, nameBytes, "an entry's name") != e.name)
    fail("entry {} has another name in front of its data", inQuotes(e.name));
  e.begin = e.header + localBytes + nameBytes + extraBytes;
  part(file, e.begin, e.bytes, "an entry");
  e.end = e.begin + e.bytes;
  if (e.end > directory.begin)
    fail("entry {} ends at byte {}, inside the zip archive's directory, which "
         "begins at {}",
         inQuotes(e.name), e.end, directory.begin);
}

} // namespace

std::map<std::string, ZipEntry> readZip(std::string_view file) {
  Directory d = findDirectory(file);
  std::string_view directory = file.substr(d.begin, d.bytes);
  std::vector<Entry> entries;
  size_t at = 0;
  for (uint64_t i = 0; i < d.entries; ++i) {
    entries.push_back(readEntry(directory, at));
    locate(file, d, entries.back());
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry &a, const Entry &b) { return a.header < b.header; });
  std::map<std::string, ZipEntry> result;
  for (size_t i = 0; i < entries.size(); ++i) {
    const Entry &e = entries[i];
    if (i > 0 && e.header < entries[i - 1].end)
      fail("entry {} begins at byte {}, inside {}, which ends at {}",
           inQuotes(e.name), e.header, inQuotes(entries[i - 1].name),
           entries[i - 1].end);
    if (!result.emplace(e.name, ZipEntry{e.begin, e.bytes}).second)
      fail("the zip archive has the entry {} twice", inQuotes(e.name));
  }
  return result;
}

} // namespace dit::runtime
