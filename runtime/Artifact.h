// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An artifact file: its manifest without running anything of it, and its code.
#ifndef DIT_RUNTIME_ARTIFACT_H
#define DIT_RUNTIME_ARTIFACT_H

#include "runtime/Abi.h"
#include "runtime/Manifest.h"

#include <optional>
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

/// Whether two alternatives of an artifact can have one copy of the packed
/// weights: for the same arch and with the same matmuls, whatever their sizes.
bool canShareWeights(const Manifest &a, const Manifest &b);

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
  /// The sizes of x that there are, each once, the default first.
  std::vector<Resolution> sizes() const;
  /// What the chain has of `size`, or of the default where it is empty; at
  /// least one, in the chain's order. Throws a FlagError that lists sizes().
  std::vector<const Alternative *>
  alternatives(const std::optional<Resolution> &size) const;
  /// Of the first of alternatives(size): what the model is at this size,
  /// whatever runs it.
  const Manifest &manifest(const std::optional<Resolution> &size = {}) const {
    return alternatives(size).front()->manifest;
  }
  /// What can share packed weights with `of`, another alternative, at `size`.
  /// Throws as alternatives(size) does.
  const Alternative &alternativeOf(const Manifest &of,
                                   const std::optional<Resolution> &size) const;
  /// Bytes of the packed weights and tables of `of` and whatever can share them
  /// with it.
  int64_t preparedBytes(const Manifest &of) const;
  /// Throws what `function` answered unless its code is 0.
  void check(DitStatus status, const std::string &function) const;

private:
  void checkTargets() const;
  void checkShares() const;
  void load(const std::vector<std::string_view> &manifestTexts);

  std::string filePath;
  std::vector<Alternative> chain;
  void *library = nullptr;
};

} // namespace dit::runtime

#endif // DIT_RUNTIME_ARTIFACT_H
