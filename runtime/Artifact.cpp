// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checks an artifact from its bytes first, and loads it only when it fits.
#include "runtime/Artifact.h"

#include "runtime/Elf.h"
#include "runtime/Error.h"
#include "runtime/MappedFile.h"
#include "runtime/OpenedInputs.h"
#include "runtime/Sha256.h"
#include "runtime/cpu/CpuFeatures.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>

namespace dit::runtime {

/// Throws unless the file is as ditc wrote it: its build ID is the SHA-256 of
/// the file with zeros in the ID's place (codegen/host/BuildId.h). An ID of
/// another size, or none, is another linker's, and says nothing.
static void checkBuildId(std::string_view file) {
  constexpr size_t idBytes = 32;
  // Bytes of the name and of the ID, the note's type, the name.
  constexpr std::string_view header("\4\0\0\0 \0\0\0\3\0\0\0GNU\0", 16);
  static_assert(header[4] == idBytes);
  auto note = findSection(file, ".note.gnu.build-id");
  if (!note || note->size() != header.size() + idBytes)
    return;
  std::string_view id = note->substr(header.size());
  std::string linked(file), shown;
  linked.replace(id.data() - file.data(), idBytes, idBytes, '\0');
  for (char byte : id)
    shown += fmt::format("{:02x}", static_cast<uint8_t>(byte));
  if (!note->starts_with(header) || shown != sha256(linked))
    fail("damaged: its bytes are no longer those that ditc wrote, which its "
         "build ID tells: compile the spec again");
}

/// The manifests' texts in `file`, which was damaged nowhere, each without the
/// zero that ends it.
static std::vector<std::string_view> manifestTexts(std::string_view file) {
  checkBuildId(file);
  auto section = findSection(file, DIT_MANIFEST_SECTION);
  if (!section)
    fail("not an artifact: the shared object has no section {}, which ditc "
         "writes",
         DIT_MANIFEST_SECTION);
  std::vector<std::string_view> texts;
  for (size_t begin = 0; begin < section->size();) {
    size_t end = section->find('\0', begin);
    if (end == std::string_view::npos)
      fail("truncated or damaged: the manifest at {} of section {} has no "
           "final zero",
           begin, DIT_MANIFEST_SECTION);
    texts.push_back(section->substr(begin, end - begin));
    begin = end + 1;
  }
  if (texts.empty())
    fail("truncated or damaged: section {} is empty", DIT_MANIFEST_SECTION);
  return texts;
}

/// Runs `read` and puts the path in front of what it throws.
template <typename F> static auto naming(const std::string &path, F read) {
  try {
    return read();
  } catch (const Error &e) {
    throw Error(path + ": " + e.what());
  }
}

std::vector<Manifest> readManifests(const std::string &path) {
  MappedFile file(path);
  rememberInput(path);
  return naming(path, [&] {
    std::vector<Manifest> manifests;
    for (std::string_view text : manifestTexts(file.bytes()))
      manifests.push_back(parseManifest(text));
    return manifests;
  });
}

std::vector<std::string> readManifestTexts(const std::string &path) {
  MappedFile file(path);
  return naming(path, [&] {
    std::vector<std::string> texts;
    for (std::string_view text : manifestTexts(file.bytes())) {
      parseManifest(text);
      texts.emplace_back(text);
    }
    return texts;
  });
}

bool canShareWeights(const Manifest &a, const Manifest &b) {
  return a.arch == b.arch && a.matmul == b.matmul;
}

Artifact::Artifact(const std::string &path) : filePath(path) {
  MappedFile file(path);
  rememberInput(path);
  naming(path, [&] {
    std::vector<std::string_view> texts = manifestTexts(file.bytes());
    for (std::string_view text : texts)
      chain.push_back({parseManifest(text)});
    checkTargets();
    checkShares();
    try {
      load(texts);
    } catch (...) {
      if (library)
        dlclose(library);
      throw;
    }
  });
}

/// Which of a GPU's alternatives runs is known when there is a GPU (Device.h).
void Artifact::checkTargets() const {
  const std::string &target = manifest().target;
  if (target != "cpu" && target != "cuda")
    fail("compiled for the target {}, this program runs the targets cpu and "
         "cuda",
         inQuotes(target));
  for (const Alternative &alternative : chain)
    if (alternative.manifest.target != target)
      fail("damaged: it is compiled for the target {}, but an alternative for "
           "{}",
           target, inQuotes(alternative.manifest.target));
  if (target == "cpu")
    for (const auto &[manifest, functions] : chain)
      checkCpuFeatures(manifest.features, manifest.arch, thisCpu());
}

void Artifact::checkShares() const {
  for (const auto &[a, itsFunctions] : chain)
    for (const auto &[b, functions] : chain)
      if (canShareWeights(a, b) && a.memory.shared != b.memory.shared)
        fail("damaged: for {}, {} has {} bytes of packed weights, but {} {}",
             a.arch, a.resolution().show(), a.memory.shared,
             b.resolution().show(), b.memory.shared);
}

/// `table` is what the manifest `text`, read as `manifest`, describes.
static void checkTable(const DitArtifact *table, std::string_view text,
                       const Manifest &manifest) {
  if (!table || table->abi_version != DIT_ABI_VERSION)
    fail("damaged: the manifest says ABI version {}, the code {}",
         DIT_ABI_VERSION, table ? table->abi_version : 0);
  if (std::string_view(table->manifest, table->manifest_bytes) != text)
    fail("damaged: the manifest in the code differs from the one in section {}",
         DIT_MANIFEST_SECTION);
  if (table->function_count != manifest.functions.size() || !table->functions)
    fail("damaged: the manifest lists {} functions, the code has {}",
         manifest.functions.size(), table->function_count);
  for (uint64_t i = 0; i < table->function_count; ++i)
    if (!table->functions[i])
      fail("damaged: the code lacks the function {}",
           inQuotes(manifest.functions[i].name));
  if (table->code_bytes != static_cast<uint64_t>(manifest.codeBytes) ||
      (table->code != nullptr) != (table->code_bytes != 0))
    fail("damaged: the manifest says {} bytes of GPU code, the code has {}",
         manifest.codeBytes, table->code_bytes);
}

void Artifact::load(const std::vector<std::string_view> &manifestTexts) {
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
  const DitArtifact *table = entry();
  for (size_t i = 0; i < chain.size(); ++i) {
    checkTable(table, manifestTexts[i], chain[i].manifest);
    chain[i].functions = table;
    table = table->alternative;
    if ((table != nullptr) != (i + 1 < chain.size()))
      fail("damaged: the code has {} than the {} manifests in section {}",
           table ? "more alternatives" : "fewer alternatives", chain.size(),
           DIT_MANIFEST_SECTION);
  }
}

std::vector<Resolution> Artifact::sizes() const {
  std::vector<Resolution> sizes;
  for (const auto &[manifest, functions] : chain)
    if (std::find(sizes.begin(), sizes.end(), manifest.resolution()) ==
        sizes.end())
      sizes.push_back(manifest.resolution());
  return sizes;
}

std::vector<const Alternative *>
Artifact::alternatives(const std::optional<Resolution> &size) const {
  const Resolution chosen = chooseResolution(filePath, sizes(), size);
  std::vector<const Alternative *> found;
  for (const Alternative &alternative : chain)
    if (alternative.manifest.resolution() == chosen)
      found.push_back(&alternative);
  return found;
}

const Alternative &
Artifact::alternativeOf(const Manifest &of,
                        const std::optional<Resolution> &size) const {
  for (const Alternative *alternative : alternatives(size))
    if (canShareWeights(alternative->manifest, of))
      return *alternative;
  fail("{}: damaged: for {}, there is nothing of the size {}", filePath,
       of.arch, manifest(size).resolution().show());
}

int64_t Artifact::preparedBytes(const Manifest &of) const {
  int64_t bytes = 0;
  for (const auto &[manifest, functions] : chain)
    if (canShareWeights(manifest, of))
      bytes = std::max(bytes, manifest.memory.prepared);
  return bytes;
}

Artifact::~Artifact() { dlclose(library); }

void Artifact::check(DitStatus status, const std::string &function) const {
  if (status.code != 0)
    fail("{}: {} failed: {} (code {})", filePath, function,
         status.message ? status.message : "no message", status.code);
}

} // namespace dit::runtime
