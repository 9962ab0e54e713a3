// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An artifact file: its manifest without running anything of it, and its code.
#ifndef DIT_RUNTIME_ARTIFACT_H
#define DIT_RUNTIME_ARTIFACT_H

#include "runtime/Abi.h"
#include "runtime/Manifest.h"

#include <string>

namespace dit::runtime {

/// The manifest of the artifact at `path`, read from the file; none of its code
/// is loaded. Throws an Error that begins with the path.
Manifest readManifest(const std::string &path);
/// The same as the JSON text that the compiler wrote, checked in the same way.
std::string readManifestText(const std::string &path);

/// A loaded artifact. Its code stays loaded for as long as the object lives.
class Artifact {
public:
  /// Refuses, with a sentence that begins with the path and names both sides,
  /// what is not an artifact, is truncated, speaks another ABI version, is for
  /// another target or needs what this CPU lacks; only then loads the code.
  explicit Artifact(const std::string &path);
  ~Artifact();
  Artifact(const Artifact &) = delete;
  Artifact &operator=(const Artifact &) = delete;

  const std::string &path() const { return filePath; }
  const Manifest &manifest() const { return description; }
  const DitArtifact &functions() const { return *table; }
  /// Throws what `function` answered unless its code is 0.
  void check(DitStatus status, const char *function) const;

private:
  void load(std::string_view manifestText);

  std::string filePath;
  Manifest description;
  void *library = nullptr;
  const DitArtifact *table = nullptr;
};

} // namespace dit::runtime

#endif // DIT_RUNTIME_ARTIFACT_H
