// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The note's place is found by its section, and only its 32 bytes are written.
#include "codegen/host/BuildId.h"

#include "llvm/Object/ELF.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"

namespace dit::codegen::host {

using llvm::StringRef;

/// Where the zeros of the build ID begin in `file`.
static llvm::Expected<uint64_t> findBuildId(StringRef file) {
  auto elf = llvm::object::ELF64LEFile::create(file);
  if (!elf)
    return elf.takeError();
  auto sections = elf->sections();
  if (!sections)
    return sections.takeError();
  for (const auto &section : *sections) {
    auto name = elf->getSectionName(section);
    if (!name)
      return name.takeError();
    // The note's header is 12 bytes and "GNU".
    if (*name == ".note.gnu.build-id" && section.sh_size == 16 + 32)
      return section.sh_offset + 16;
  }
  return llvm::createStringError("ld.lld wrote no build ID of 32 bytes");
}

llvm::Error writeBuildId(StringRef path) {
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                          /*RequiresNullTerminator=*/false);
  if (!file)
    return llvm::createStringError(path + ": " + file.getError().message());
  StringRef bytes = (*file)->getBuffer();
  auto at = findBuildId(bytes);
  if (!at)
    return at.takeError();
  auto id = llvm::SHA256::hash(llvm::arrayRefFromStringRef(bytes));
  std::error_code why;
  llvm::raw_fd_ostream os(path, why, llvm::sys::fs::CD_OpenExisting,
                          llvm::sys::fs::FA_Write, llvm::sys::fs::OF_None);
  if (!why) {
    os.pwrite(reinterpret_cast<const char *>(id.data()), id.size(), *at);
    os.close();
    why = os.error();
    os.clear_error();
  }
  return why ? llvm::createStringError(path +
                                       ": cannot be written: " + why.message())
             : llvm::Error::success();
}

} // namespace dit::codegen::host
