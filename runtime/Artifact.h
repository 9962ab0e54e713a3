// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An artifact file: its manifest without running anything of it, and its code.
#ifndef DIT_RUNTIME_ARTIFACT_H
#define DIT_RUNTIME_ARTIFACT_H

#include "runtime/Abi.h"
#include "runtime/Manifest.h"

#include <string>
#include <vector>

namespace dit::runtime {

/// The manifests of the artifact at `path`, in the order of its chain of
/// alternatives, read from the file; none of its code is loaded. Throws an
/// Error that begins with the path.
std::vector<Manifest> readManifests(const std::string &path);
/// The same as the JSON texts that the compiler wrote, checked in the same way.
std::vector<std::string> readManifestTexts(const std::string &path);

/// The model made in one way.
struct Alternative {
  Manifest manifest;
  const DitArtifact *functions = nullptr;
};

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
  /// The chain, at least one.
  const std::vector<Alternative> &alternatives() const { return chain; }
  /// Of the head of the chain.
  const Manifest &manifest() const { return chain.front().manifest; }
  const DitArtifact &functions() const { return *chain.front().functions; }
  /// Throws what `function` answered unless its code is 0.
  void check(DitStatus status, const char *function) const;

private:
  void checkTargets() const;
  void load(const std::vector<std::string_view> &manifestTexts);

  std::string filePath;
  std::vector<Alternative> chain;
  void *library = nullptr;
};

} // namespace dit::runtime

#endif // DIT_RUNTIME_ARTIFACT_H
