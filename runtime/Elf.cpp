// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ELF64 by <elf.h>; headers are copied out of the file, whose bytes need not be
// aligned.
#include "runtime/Elf.h"

#include "runtime/Error.h"

#include <elf.h>

#include <cstring>

namespace dit::runtime {

/// Throws unless [offset, offset + size) lies in the file.
static void checkRange(std::string_view file, uint64_t offset, uint64_t size,
                       const char *what) {
  if (offset > file.size() || size > file.size() - offset)
    fail(
        "truncated or damaged: {} of {} bytes at {} lies outside the file's {} "
        "bytes",
        what, size, offset, file.size());
}

/// The `index`-th T of the table at `offset`, which was range-checked.
template <typename T>
static T entry(std::string_view file, uint64_t offset, uint64_t index) {
  T result;
  std::memcpy(&result, file.data() + offset + index * sizeof(T), sizeof(T));
  return result;
}

static Elf64_Ehdr readHeader(std::string_view file) {
  if (file.size() < SELFMAG || std::memcmp(file.data(), ELFMAG, SELFMAG) != 0)
    fail("not an artifact: it is not an ELF shared object");
  if (file.size() < sizeof(Elf64_Ehdr))
    fail("truncated or damaged: an ELF header has {} bytes, the file {}",
         sizeof(Elf64_Ehdr), file.size());
  auto header = entry<Elf64_Ehdr>(file, 0, 0);
  if (header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_machine != EM_X86_64)
    fail(
        "compiled for another kind of machine (ELF class {}, machine {}), this "
        "one is x86-64 (class {}, machine {})",
        header.e_ident[EI_CLASS], header.e_machine, ELFCLASS64, EM_X86_64);
  if (header.e_type != ET_DYN)
    fail("not an artifact: ELF type {} is not a shared object (type {})",
         header.e_type, ET_DYN);
  return header;
}

/// The loader maps these without looking at the file's size.
static void checkSegments(std::string_view file, const Elf64_Ehdr &header) {
  if (header.e_phnum > 0 && header.e_phentsize != sizeof(Elf64_Phdr))
    fail("truncated or damaged: program headers of {} bytes, expected {}",
         header.e_phentsize, sizeof(Elf64_Phdr));
  checkRange(file, header.e_phoff,
             uint64_t{header.e_phnum} * sizeof(Elf64_Phdr),
             "the program header table");
  for (uint64_t i = 0; i < header.e_phnum; ++i) {
    auto segment = entry<Elf64_Phdr>(file, header.e_phoff, i);
    if (segment.p_type == PT_LOAD || segment.p_type == PT_DYNAMIC)
      checkRange(file, segment.p_offset, segment.p_filesz, "a segment");
  }
}

std::optional<std::string_view> findSection(std::string_view file,
                                            std::string_view name) {
  Elf64_Ehdr header = readHeader(file);
  checkSegments(file, header);
  if (header.e_shnum == 0)
    return std::nullopt;
  if (header.e_shentsize != sizeof(Elf64_Shdr))
    fail("truncated or damaged: section headers of {} bytes, expected {}",
         header.e_shentsize, sizeof(Elf64_Shdr));
  checkRange(file, header.e_shoff,
             uint64_t{header.e_shnum} * sizeof(Elf64_Shdr),
             "the section header table");
  if (header.e_shstrndx >= header.e_shnum)
    fail("truncated or damaged: the section names are section {} of {}",
         header.e_shstrndx, header.e_shnum);
  auto names = entry<Elf64_Shdr>(file, header.e_shoff, header.e_shstrndx);
  checkRange(file, names.sh_offset, names.sh_size, "the section names");
  std::string_view strings = file.substr(names.sh_offset, names.sh_size);

  for (uint64_t i = 0; i < header.e_shnum; ++i) {
    auto section = entry<Elf64_Shdr>(file, header.e_shoff, i);
    if (section.sh_name >= strings.size())
      continue;
    std::string_view found = strings.substr(section.sh_name);
    found = found.substr(0, found.find('\0'));
    if (found != name)
      continue;
    if (section.sh_type == SHT_NOBITS)
      fail("truncated or damaged: section {} has no bytes in the file", name);
    checkRange(file, section.sh_offset, section.sh_size, "a section");
    return file.substr(section.sh_offset, section.sh_size);
  }
  return std::nullopt;
}

} // namespace dit::runtime
