// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The central directory, and the local headers it points to. APPNOTE.TXT 6.3.
#include "runtime/ZipFile.h"

#include "runtime/Error.h"

#include <zlib.h>

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

/// The same of an archive, copied.
std::string part(const ZipBytes &file, uint64_t at, uint64_t count,
                 const char *what) {
  if (at > file.size || count > file.size - at)
    fail("{} would take {} bytes at byte {} of a zip archive of {}", what,
         count, at, file.size);
  return file.text(at, count);
}

struct Directory {
  uint64_t begin, bytes, entries;
};

/// What the record at the archive's end says of the directory.
Directory findDirectory(const ZipBytes &file) {
  constexpr size_t longestComment = 65535;
  size_t tailBytes = std::min(file.size, endBytes + longestComment);
  std::string tail = file.text(file.size - tailBytes, tailBytes);
  size_t at = tail.rfind("PK\x05\x06");
  if (at == std::string::npos || tail.size() - at < endBytes ||
      tail.size() - at - endBytes != number<uint16_t>(tail, at + 20))
    fail("truncated or damaged zip archive: it does not end with the record "
         "of its directory");
  Directory d{number<uint32_t>(tail, at + 16), number<uint32_t>(tail, at + 12),
              number<uint16_t>(tail, at + 10)};
  bool split = number<uint32_t>(tail, at + 4) != 0;
  uint64_t end = file.size - tailBytes + at;
  std::string locator;
  if (end >= locatorBytes)
    locator = file.text(end - locatorBytes, locatorBytes);
  if (locator.starts_with("PK\x06\x07")) {
    uint64_t recordAt = number<uint64_t>(locator, 8);
    std::string record =
        part(file, recordAt, end64Bytes, "the zip64 record of the directory");
    if (!record.starts_with("PK\x06\x06"))
      fail("the zip64 record of the directory is not at byte {}, where the "
           "zip archive's end says",
           recordAt);
    split = number<uint64_t>(record, 16) != 0;
    d = {number<uint64_t>(record, 48), number<uint64_t>(record, 40),
         number<uint64_t>(record, 32)};
    end = recordAt;
  }
  if (split)
    fail("a zip archive of several files, but it must be one");
  constexpr uint64_t largest = 64 << 20;
  if (d.bytes > largest || d.begin > file.size || d.bytes > file.size - d.begin)
    fail("the zip archive's directory would take {} bytes at byte {} of a zip "
         "archive of {}",
         d.bytes, d.begin, file.size);
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
  uint64_t header, bytes; ///< offset of the local header; of the content
  uint64_t stored = 0;    ///< bytes of the data: fewer when deflated
  bool isDeflated = false;
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
  constexpr uint64_t deflate = 8;
  e.isDeflated = method == deflate;
  e.stored = stored;
  if (method != 0 && !e.isDeflated)
    fail("entry {} is compressed by method {}, but entries must be stored or "
         "deflated",
         inQuotes(e.name), method);
  if (!e.isDeflated && stored != e.bytes)
    fail("entry {} is stored uncompressed in {} bytes, but would have {}",
         inQuotes(e.name), stored, e.bytes);
  // Deflate makes at most 258 bytes of a code of two bits.
  constexpr uint64_t mostOfAByte = 1032;
  if (e.isDeflated && e.bytes / mostOfAByte > stored)
    fail("entry {} cannot have {} bytes: it is deflated in {}",
         inQuotes(e.name), e.bytes, stored);
  return e;
}

/// Finds the data behind the local header, which must agree on the name.
void locate(const ZipBytes &file, const Directory &directory, Entry &e) {
  std::string header = part(file, e.header, localBytes, "a local header");
  if (!header.starts_with("PK\x03\x04"))
    fail("entry {} is not at byte {}, where the zip archive's directory says",
         inQuotes(e.name), e.header);
  uint64_t nameBytes = number<uint16_t>(header, 26),
           extraBytes = number<uint16_t>(header, 28);
  if (part(file, e.header + localBytes, nameBytes, "an entry's name") != e.name)
    fail("entry {} has another name in front of its data", inQuotes(e.name));
  e.begin = e.header + localBytes + nameBytes + extraBytes;
  if (e.begin > file.size || e.stored > file.size - e.begin)
    fail("an entry would take {} bytes at byte {} of a zip archive of {}",
         e.stored, e.begin, file.size);
  e.end = e.begin + e.stored;
  if (e.end > directory.begin)
    fail("entry {} ends at byte {}, inside the zip archive's directory, which "
         "begins at {}",
         inQuotes(e.name), e.end, directory.begin);
}

} // namespace

std::map<std::string, ZipEntry> readZip(const ZipBytes &file) {
  Directory d = findDirectory(file);
  std::string directory = file.text(d.begin, d.bytes);
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
    ZipEntry entry{e.begin, e.stored, e.isDeflated, e.bytes};
    if (!result.emplace(e.name, entry).second)
      fail("the zip archive has the entry {} twice", inQuotes(e.name));
  }
  return result;
}

std::map<std::string, ZipEntry> readZip(std::string_view file) {
  return readZip(ZipBytes{file.size(), [file](size_t begin, size_t count) {
                            return std::string(file.substr(begin, count));
                          }});
}

std::string inflate(std::string_view stored, size_t bytes) {
  std::string content(bytes, '\0');
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    fail("zlib does not start");
  auto give = [&](auto &pointer, auto &available, auto *from, size_t &left) {
    available = static_cast<uInt>(std::min<size_t>(left, 1 << 30));
    pointer = from;
    left -= available;
  };
  size_t in = stored.size(), out = bytes;
  int code = Z_OK;
  while (code == Z_OK) {
    if (stream.avail_in == 0)
      give(stream.next_in, stream.avail_in,
           reinterpret_cast<Bytef *>(const_cast<char *>(stored.data())) +
               (stored.size() - in),
           in);
    if (stream.avail_out == 0)
      give(stream.next_out, stream.avail_out,
           reinterpret_cast<Bytef *>(content.data()) + (bytes - out), out);
    code = ::inflate(&stream, Z_NO_FLUSH);
  }
  bool isWhole = code == Z_STREAM_END && out == 0 && stream.avail_out == 0 &&
                 in == 0 && stream.avail_in == 0;
  inflateEnd(&stream);
  if (!isWhole)
    fail("its deflated bytes are damaged, or are not the {} that the zip "
         "archive says",
         bytes);
  return content;
}

} // namespace dit::runtime
