// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// numpy's .npy, and .npz as a zip of stored members.
#include "runtime/OutputFile.h"
#include "runtime/images/Image.h"

#include <fmt/ranges.h>

#include <array>

namespace dit::runtime {

/// Magic, version, length and the header, padded so that the data is aligned
/// to 64.
std::string npyHeader(const Array &array) {
  // A tuple of one needs its comma.
  std::string dict = fmt::format(
      "{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}",
      array.dtype, fmt::join(array.shape, ", "),
      array.shape.size() == 1 ? "," : "");
  constexpr size_t prefix = 10;
  size_t padded = (prefix + dict.size() + 1 + 63) / 64 * 64;
  dict.resize(padded - prefix - 1, ' ');
  dict += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(dict.size() & 0xff);
  header += static_cast<char>(dict.size() >> 8);
  return header + dict;
}

void writeNpy(OutputFile &file, const Array &array) {
  file.write(npyHeader(array));
  file.write(array.data, array.bytes);
}

uint32_t crc32(uint32_t crc, const void *data, size_t bytes) {
  static const auto table = [] {
    std::array<uint32_t, 256> t{};
    for (uint32_t i = 0; i < 256; ++i) {
      t[i] = i;
      for (int bit = 0; bit < 8; ++bit)
        t[i] = (t[i] >> 1) ^ (t[i] & 1 ? 0xEDB88320u : 0);
    }
    return t;
  }();
  crc = ~crc;
  const auto *at = static_cast<const uint8_t *>(data);
  for (size_t i = 0; i < bytes; ++i)
    crc = (crc >> 8) ^ table[(crc ^ at[i]) & 0xff];
  return ~crc;
}

namespace {
/// Little-endian fields of a zip record.
struct Record {
  std::string bytes;
  Record &put(uint64_t value, int size) {
    for (int i = 0; i < size; ++i)
      bytes += static_cast<char>(value >> (8 * i));
    return *this;
  }
};
} // namespace

/// What the local header of a member and its entry in the directory have in
/// common: version 4.5, no flags, stored, 1980-01-01 00:00.
static std::string commonFields(const std::string &member, uint32_t crc) {
  constexpr uint64_t in64 = 0xffffffff; // "see the 64-bit field"
  Record common;
  common.put(45, 2).put(0, 2).put(0, 2).put(0, 2).put(0x21, 2).put(crc, 4);
  common.put(in64, 4).put(in64, 4).put(member.size(), 2);
  return common.bytes;
}

static std::string localHeader(const std::string &member, uint64_t size,
                               uint32_t crc) {
  Record local;
  local.put(0x04034b50, 4).bytes += commonFields(member, crc);
  local.put(20, 2).bytes += member;
  local.put(1, 2).put(16, 2).put(size, 8).put(size, 8);
  return local.bytes;
}

/// Of a member that begins at byte `begin`.
static std::string directoryEntry(const std::string &member, uint64_t size,
                                  uint32_t crc, uint64_t begin) {
  Record entry;
  entry.put(0x02014b50, 4).put(45, 2).bytes += commonFields(member, crc);
  // Extra field's length, comment, disk, attributes; the first begins at 0.
  constexpr uint64_t in64 = 0xffffffff;
  const bool isFirst = begin == 0;
  entry.put(isFirst ? 20 : 28, 2).put(0, 2).put(0, 2).put(0, 2).put(0, 4);
  entry.put(isFirst ? 0 : in64, 4);
  entry.bytes += member;
  entry.put(1, 2).put(isFirst ? 16 : 24, 2).put(size, 8).put(size, 8);
  if (!isFirst)
    entry.put(begin, 8);
  return entry.bytes;
}

NpzFrame npzFrame(const std::string &name, const Array &array, uint32_t crc,
                  std::span<const int64_t> labels, const std::string &comment) {
  const std::string header = npyHeader(array), member = name + ".npy";
  const uint64_t size = header.size() + array.bytes;
  NpzFrame frame{localHeader(member, size, crc) + header, ""};
  uint64_t end = frame.before.size() + array.bytes;
  std::string directory = directoryEntry(member, size, crc, 0);
  uint64_t members = 1;
  if (!labels.empty()) {
    Array second{"<i8",
                 {static_cast<int64_t>(labels.size())},
                 labels.data(),
                 labels.size_bytes()};
    std::string npy = npyHeader(second);
    npy.append(reinterpret_cast<const char *>(labels.data()),
               labels.size_bytes());
    uint32_t sum = crc32(0, npy.data(), npy.size());
    frame.after = localHeader("arr_1.npy", npy.size(), sum) + npy;
    directory += directoryEntry("arr_1.npy", npy.size(), sum, end);
    end += frame.after.size();
    ++members;
  }
  // 64-bit end of directory, its locator, and the end that points to them.
  constexpr uint64_t in64 = 0xffffffff;
  Record ends;
  ends.put(0x06064b50, 4).put(44, 8).put(45, 2).put(45, 2).put(0, 4).put(0, 4);
  ends.put(members, 8).put(members, 8).put(directory.size(), 8).put(end, 8);
  ends.put(0x07064b50, 4).put(0, 4).put(end + directory.size(), 8).put(1, 4);
  ends.put(0x06054b50, 4).put(0, 2).put(0, 2).put(members, 2).put(members, 2);
  ends.put(directory.size(), 4).put(in64, 4).put(comment.size(), 2);
  frame.after += directory + ends.bytes + comment;
  return frame;
}

void writeNpz(OutputFile &file, const std::string &name, const Array &array) {
  const std::string header = npyHeader(array);
  uint32_t crc = crc32(0, header.data(), header.size());
  NpzFrame frame = npzFrame(name, array, crc32(crc, array.data, array.bytes));
  file.write(frame.before);
  file.write(array.data, array.bytes);
  file.write(frame.after);
}

} // namespace dit::runtime
