// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// numpy's .npy, and .npz as a zip of one stored member.
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

NpzFrame npzFrame(const std::string &name, const Array &array, uint32_t crc,
                  const std::string &comment) {
  const std::string header = npyHeader(array), member = name + ".npy";
  const uint64_t size = header.size() + array.bytes;
  constexpr uint64_t in64 = 0xffffffff; // "see the 64-bit field"
  // Version 4.5, no flags, stored, 1980-01-01 00:00.
  Record common;
  common.put(45, 2).put(0, 2).put(0, 2).put(0, 2).put(0x21, 2).put(crc, 4);
  common.put(in64, 4).put(in64, 4).put(member.size(), 2);

  Record local;
  local.put(0x04034b50, 4).bytes += common.bytes;
  local.put(20, 2).bytes += member;
  local.put(1, 2).put(16, 2).put(size, 8).put(size, 8);

  const uint64_t directoryAt = local.bytes.size() + size;
  Record directory;
  directory.put(0x02014b50, 4).put(45, 2).bytes += common.bytes;
  // Extra field's length, comment, disk, attributes; the member begins at 0.
  directory.put(20, 2).put(0, 2).put(0, 2).put(0, 2).put(0, 4).put(0, 4);
  directory.bytes += member;
  directory.put(1, 2).put(16, 2).put(size, 8).put(size, 8);
  const uint64_t directorySize = directory.bytes.size();
  // 64-bit end of directory, its locator, and the end that points to them.
  directory.put(0x06064b50, 4)
      .put(44, 8)
      .put(45, 2)
      .put(45, 2)
      .put(0, 4)
      .put(0, 4);
  directory.put(1, 8).put(1, 8).put(directorySize, 8).put(directoryAt, 8);
  directory.put(0x07064b50, 4)
      .put(0, 4)
      .put(directoryAt + directorySize, 8)
      .put(1, 4);
  directory.put(0x06054b50, 4).put(0, 2).put(0, 2).put(1, 2).put(1, 2);
  directory.put(directorySize, 4).put(in64, 4).put(comment.size(), 2);
  return {local.bytes + header, directory.bytes + comment};
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
