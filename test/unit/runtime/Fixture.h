// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the runtime's tests share: a folder of their own, the hand-written
// artifact, its weights, and its network written a second time.
#ifndef DIT_TEST_UNIT_RUNTIME_FIXTURE_H
#define DIT_TEST_UNIT_RUNTIME_FIXTURE_H

#include "runtime/Denoiser.h"
#include "runtime/Error.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace dit::runtime::test {

/// A folder that is deleted with everything in it.
class Folder {
public:
  Folder();
  ~Folder();
  std::string operator/(const std::string &name) const {
    return path + "/" + name;
  }
  /// Names in it, hidden ones too.
  std::vector<std::string> names() const;

  std::string path;
};

void writeFile(const std::string &path, const std::string &bytes);
std::string readFile(const std::string &path);

/// A safetensors file of any header and any data.
std::string safetensors(const std::string &header, const std::string &data);
/// The bytes of floats.
std::string floats(const std::vector<float> &values);

/// The sentence that `run` throws, "" when it throws nothing.
std::string errorOf(const std::function<void()> &run);

/// The artifact of artifact/FakeArtifact.c and its manifest's text.
std::string fakeArtifactPath();
std::string fakeManifestText();
/// The same network at 4x3 and 6x5, each with a table.
std::string fakeSizesPath();
/// The bytes of the fake artifact with one text replaced by another of the same
/// length, everywhere.
std::string patchedArtifact(const std::string &from, const std::string &to);

/// Weights of the fake artifact.
struct FakeWeights {
  std::vector<float> gain{0.75f, -0.25f, 0.125f, 0.5f};
  std::vector<float> bias{0.0625f, -0.03125f};
  std::vector<float> label{0.5f,   -0.5f,  0.25f, 1.0f,
                           -0.75f, 0.125f, 0.0f,  0.3125f};
  std::string file() const;
  /// The network in float32 as the artifact computes it: x (2, P) -> out (4,
  /// P); `table` (P) is added to the first two, where it is not empty.
  std::vector<float> network(const std::vector<float> &x, float t, int y,
                             const std::vector<float> &table = {}) const;
};

/// A text of the manifest, and what is to stand there; of the same length.
using Patch = std::pair<std::string, std::string>;

/// The fake artifact with FakeWeights, ready to run.
std::unique_ptr<Denoiser>
makeFakeDenoiser(const Folder &folder, int threads,
                 const std::vector<Patch> &patches = {});

struct CommandResult {
  int code;
  std::string out, err;
};
/// Runs dit-run's main in this process.
CommandResult runCommand(std::vector<std::string> arguments);

} // namespace dit::runtime::test

#endif // DIT_TEST_UNIT_RUNTIME_FIXTURE_H
