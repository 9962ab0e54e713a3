// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Fixture.h"

#include "runtime/commands/Commands.h"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace dit::runtime::test {

Folder::Folder() {
  std::string pattern = testing::TempDir() + "ditXXXXXX";
  path = mkdtemp(pattern.data());
}

Folder::~Folder() { std::filesystem::remove_all(path); }

std::vector<std::string> Folder::names() const {
  std::vector<std::string> result;
  for (const auto &entry : std::filesystem::directory_iterator(path))
    result.push_back(entry.path().filename());
  return result;
}

void writeFile(const std::string &path, const std::string &bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string readFile(const std::string &path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::string safetensors(const std::string &header, const std::string &data) {
  uint64_t length = header.size();
  return std::string(reinterpret_cast<char *>(&length), 8) + header + data;
}

std::string floats(const std::vector<float> &values) {
  return std::string(reinterpret_cast<const char *>(values.data()),
                     values.size() * sizeof(float));
}

std::string errorOf(const std::function<void()> &run) {
  try {
    run();
  } catch (const Error &e) {
    return e.what();
  }
  return "";
}

std::string fakeArtifactPath() { return DIT_FAKE_ARTIFACT; }

std::string fakeSizesPath() { return DIT_FAKE_SIZES; }

std::string fakeManifestText() {
  return readFile(DIT_REPO "/test/unit/runtime/artifact/manifest.json");
}

std::string patchedArtifact(const std::string &from, const std::string &to) {
  EXPECT_EQ(from.size(), to.size());
  std::string bytes = readFile(fakeArtifactPath());
  size_t at = bytes.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  for (; at != std::string::npos; at = bytes.find(from, at + 1))
    bytes.replace(at, from.size(), to);
  return bytes;
}

std::string FakeWeights::file() const {
  return safetensors(
      R"({"gain":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},)"
      R"("bias":{"dtype":"F32","shape":[2],"data_offsets":[16,24]},)"
      R"("label":{"dtype":"F32","shape":[4,2],"data_offsets":[24,56]}})",
      floats(gain) + floats(bias) + floats(label));
}

std::vector<float> FakeWeights::network(const std::vector<float> &x, float t,
                                        int y,
                                        const std::vector<float> &table) const {
  const int plane = static_cast<int>(x.size()) / 2;
  std::vector<float> out(4 * plane);
  auto s = static_cast<float>(std::sin(static_cast<double>(t) / 100));
  for (int c = 0; c < 2; ++c)
    for (int p = 0; p < plane; ++p) {
      float sum = gain[c * 2] * x[p] + gain[c * 2 + 1] * x[plane + p];
      out[c * plane + p] = sum + (bias[c] + s * label[y * 2 + c]);
      if (!table.empty())
        out[c * plane + p] += table[p];
      float v = x[c * plane + p];
      out[(2 + c) * plane + p] = v / (1 + std::fabs(v));
    }
  return out;
}

std::unique_ptr<Denoiser> makeFakeDenoiser(const Folder &folder, int threads,
                                           const std::vector<Patch> &patches) {
  std::string bytes = readFile(fakeArtifactPath());
  for (const auto &[from, to] : patches) {
    EXPECT_EQ(from.size(), to.size());
    size_t at = bytes.find(from);
    if (at == std::string::npos)
      ADD_FAILURE() << from;
    else
      bytes.replace(at, from.size(), to);
  }
  static int number = 0;
  std::string model = folder / ("model" + std::to_string(number++) + ".so");
  writeFile(model, bytes);
  std::string path = folder / "fake.safetensors";
  writeFile(path, FakeWeights().file());
  auto artifact = std::make_shared<Artifact>(model);
  auto weights = openWeights(path, artifact->manifest());
  return std::make_unique<Denoiser>(artifact, *weights, threads);
}

CommandResult runCommand(std::vector<std::string> arguments) {
  CLI::App app("test", "dit-run");
  app.require_subcommand(1);
  addRuntimeCommands(app);
  arguments.insert(arguments.begin(), "dit-run");
  std::vector<char *> argv;
  for (std::string &argument : arguments)
    argv.push_back(argument.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  int code = runTool(app, static_cast<int>(argv.size()), argv.data());
  std::string out = testing::internal::GetCapturedStdout();
  return {code, out, testing::internal::GetCapturedStderr()};
}

} // namespace dit::runtime::test
