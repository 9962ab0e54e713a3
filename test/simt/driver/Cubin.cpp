// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the few attributes of a cubin that a launch must agree with.
#include "Cubin.h"
#include <cstdint>
#include <cstring>
#include <elf.h>

namespace standin {

namespace {

constexpr unsigned kCudaMachine = 190;
// Attributes of .nv.info.NAME, and the format that has a length and a value.
constexpr unsigned char kSized = 4, kMostThreads = 0x05, kParameter = 0x17;

template <class T> T at(const unsigned char *p) {
  T value;
  memcpy(&value, p, sizeof value);
  return value;
}

CubinKernel readAttributes(const unsigned char *p, const unsigned char *end) {
  CubinKernel kernel;
  while (p + 4 <= end) {
    const unsigned format = p[0], attribute = p[1], size = at<uint16_t>(p + 2);
    const unsigned char *value = p + 4;
    p = value;
    if (format != kSized)
      continue;
    p += size;
    if (attribute == kMostThreads)
      kernel.mostThreads = at<uint32_t>(value) * at<uint32_t>(value + 4) *
                           at<uint32_t>(value + 8);
    if (attribute == kParameter) {
      const unsigned number = at<uint16_t>(value + 4);
      if (kernel.parameterBytes.size() <= number)
        kernel.parameterBytes.resize(number + 1);
      kernel.parameterBytes[number] = at<uint32_t>(value + 8) >> 18;
    }
  }
  return kernel;
}

} // namespace

bool readCubin(const void *image, Cubin &cubin) {
  const auto *bytes = static_cast<const unsigned char *>(image);
  const auto header = at<Elf64_Ehdr>(bytes);
  if (memcmp(header.e_ident, ELFMAG, SELFMAG) ||
      header.e_machine != kCudaMachine)
    return false;
  auto section = [&](unsigned i) {
    return at<Elf64_Shdr>(bytes + header.e_shoff + i * header.e_shentsize);
  };
  const char *names = reinterpret_cast<const char *>(bytes) +
                      section(header.e_shstrndx).sh_offset;
  for (unsigned i = 0; i < header.e_shnum; ++i) {
    const Elf64_Shdr one = section(i);
    const std::string name = names + one.sh_name;
    const unsigned char *begin = bytes + one.sh_offset;
    if (name == ".note.nv.tkinfo") {
      const std::string text(begin, begin + one.sh_size);
      const size_t arch = text.find("-arch sm_");
      if (arch != std::string::npos)
        cubin.arch = text.substr(arch + 6, text.find(' ', arch + 6) - arch - 6);
    }
    if (name.rfind(".nv.info.", 0) == 0)
      cubin.kernels[name.substr(9)] =
          readAttributes(begin, begin + one.sh_size);
  }
  return true;
}

} // namespace standin
