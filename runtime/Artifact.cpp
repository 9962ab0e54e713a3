// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checks an artifact from its bytes first, and loads it only when it fits.
#include "runtime/Artifact.h"

#include "runtime/Elf.h"
#include "runtime/Error.h"
#include "runtime/MappedFile.h"
#include "runtime/cpu/CpuFeatures.h"

#include <dlfcn.h>

#include <cstdlib>

namespace dit::runtime {

/// The manifest's text in `file`, without the zeros that may follow it.
static std::string_view manifestText(std::string_view file) {
  auto section = findSection(file, DIT_MANIFEST_SECTION);
  if (!section)
    fail("not an artifact: the shared object has no section {}, which ditc "
         "writes",
         DIT_MANIFEST_SECTION);
  size_t end = section->find('\0');
  std::string_view text = section->substr(0, end);
  if (end != std::string_view::npos &&
      section->find_first_not_of('\0', end) != std::string_view::npos)
    fail("truncated or damaged: section {} has a zero byte at {} of {}",
         DIT_MANIFEST_SECTION, end, section->size());
  return text;
}

/// Runs `read` and puts the path in front of what it throws.
template <typename F> static auto naming(const std::string &path, F read) {
  try {
    return read();
  } catch (const Error &e) {
    throw Error(path + ": " + e.what());
  }
}

Manifest readManifest(const std::string &path) {
  MappedFile file(path);
  return naming(path,
                [&] { return parseManifest(manifestText(file.bytes())); });
}

std::string readManifestText(const std::string &path) {
  MappedFile file(path);
  return naming(path, [&] {
    std::string text(manifestText(file.bytes()));
    parseManifest(text);
    return text;
  });
}

Artifact::Artifact(const std::string &path) : filePath(path) {
  MappedFile file(path);
  naming(path, [&] {
    std::string_view text = manifestText(file.bytes());
    description = parseManifest(text);
    if (description.target != "cpu")
      fail("compiled for the target {}, this program runs the target cpu",
           inQuotes(description.target));
    checkCpuFeatures(description.features, description.arch, thisCpu());
    try {
      load(text);
    } catch (...) {
      if (library)
        dlclose(library);
      throw;
    }
  });
}

void Artifact::load(std::string_view manifestText) {
  // A bare name would be looked for in the system's library folders.
  char *absolute = realpath(filePath.c_str(), nullptr);
  library =
      dlopen(absolute ? absolute : filePath.c_str(), RTLD_NOW | RTLD_LOCAL);
  std::free(absolute);
  if (!library) {
    const char *reason = dlerror();
    fail("cannot be loaded: {}", reason ? reason : "no reason given");
  }
  auto entry = reinterpret_cast<DitEntry>(dlsym(library, DIT_ENTRY_NAME));
  if (!entry)
    fail("not an artifact: it has a manifest, but no function {}",
         DIT_ENTRY_NAME);
  table = entry();
  if (!table || table->abi_version != DIT_ABI_VERSION)
    fail("damaged: the manifest says ABI version {}, the code {}",
         DIT_ABI_VERSION, table ? table->abi_version : 0);
  if (std::string_view(table->manifest, table->manifest_bytes) != manifestText)
    fail("damaged: the manifest in the code differs from the one in section {}",
         DIT_MANIFEST_SECTION);
  if (!table->prepare || !table->create || !table->plan || !table->condition ||
      !table->denoise)
    fail(
        "damaged: one of prepare, create, plan, condition, denoise is missing");
}

Artifact::~Artifact() { dlclose(library); }

void Artifact::check(DitStatus status, const char *function) const {
  if (status.code != 0)
    fail("{}: {} failed: {} (code {})", filePath, function,
         status.message ? status.message : "no message", status.code);
}

} // namespace dit::runtime
