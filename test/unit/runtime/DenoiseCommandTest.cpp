// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc denoise, from its input's tensors to its output's.
#include "Fixture.h"

#include "runtime/Safetensors.h"

#include <cstring>

namespace dit::runtime::test {
namespace {

class DenoiseCommand : public testing::Test {
protected:
  DenoiseCommand() { writeFile(weights, FakeWeights().file()); }

  Folder folder;
  std::string weights = folder / "weights.safetensors";
};

TEST_F(DenoiseCommand, IsTheNetwork) {
  std::vector<float> x(2 * 24);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = 0.1f * static_cast<float>(i) - 1;
  std::string in = folder / "in.safetensors", out = folder / "out.safetensors";
  int64_t y[] = {1, 3}, t[] = {500, 7};
  writeFile(
      in,
      safetensors(
          R"({"x":{"dtype":"F32","shape":[2,2,4,3],"data_offsets":[0,192]},)"
          R"("t":{"dtype":"I64","shape":[2],"data_offsets":[192,208]},)"
          R"("y":{"dtype":"I64","shape":[2],"data_offsets":[208,224]}})",
          floats(x) + std::string(reinterpret_cast<char *>(t), 16) +
              std::string(reinterpret_cast<char *>(y), 16)));
  CommandResult r = runCommand({"denoise", fakeArtifactPath(), "--weights",
                                weights, "--input", in, "--output", out});
  ASSERT_EQ(r.code, 0) << r.err;
  SafetensorsFile file(out);
  const StoredTensor *found = file.find("out");
  ASSERT_NE(found, nullptr);
  ASSERT_EQ(found->shape, (std::vector<int64_t>{2, 4, 4, 3}));
  std::vector<float> values(96);
  readFloats(file, *found, values.data());
  for (int n = 0; n < 2; ++n) {
    std::vector<float> one(x.begin() + n * 24, x.begin() + (n + 1) * 24);
    std::vector<float> expected = FakeWeights().network(
        one, static_cast<float>(t[n]), static_cast<int>(y[n]));
    for (int i = 0; i < 48; ++i)
      EXPECT_EQ(values[n * 48 + i], expected[i]) << n << " " << i;
  }
}

TEST_F(DenoiseCommand, RefusesWrongTensors) {
  std::string in = folder / "in.safetensors", out = folder / "out.safetensors";
  auto errorOfInput = [&](const std::string &x, const std::string &t,
                          const std::string &y,
                          std::vector<int32_t> labels = {0, 1}) {
    std::string header = "{\"x\":" + x + ",\"t\":" + t + ",\"y\":" + y + "}";
    std::string data(192 + 8, '\0');
    writeFile(in, safetensors(
                      header,
                      data + std::string(
                                 reinterpret_cast<char *>(labels.data()), 8)));
    CommandResult r = runCommand({"denoise", fakeArtifactPath(), "--weights",
                                  weights, "--input", in, "--output", out});
    std::string prefix = "dit-run denoise: error: " + in + ": ";
    EXPECT_EQ(r.err.substr(0, prefix.size()), r.code ? prefix : "");
    return r.code ? r.err.substr(prefix.size()) : "";
  };
  const std::string x =
      R"({"dtype":"F32","shape":[2,2,4,3],"data_offsets":[0,192]})";
  const std::string t =
      R"({"dtype":"F32","shape":[2],"data_offsets":[192,200]})";
  const std::string y =
      R"({"dtype":"I32","shape":[2],"data_offsets":[200,208]})";
  EXPECT_EQ(errorOfInput(x, t, y), "");
  EXPECT_EQ(
      errorOfInput(
          R"({"dtype":"F32","shape":[2,2,3,4],"data_offsets":[0,192]})", t, y),
      "'x' is 2x2x3x4, the model expects Nx2x4x3\n");
  EXPECT_EQ(
      errorOfInput(
          R"({"dtype":"I32","shape":[2,2,4,3],"data_offsets":[0,192]})", t, y),
      "'x' must be of dtype F64, F32, F16, BF16, F8_E4M3 or F8_E5M2, but is "
      "I32\n");
  EXPECT_EQ(
      errorOfInput(
          x, R"({"dtype":"F32","shape":[2,1],"data_offsets":[192,200]})", y),
      "'t' is 2x1, the model expects N\n");
  EXPECT_EQ(
      errorOfInput(x, t,
                   R"({"dtype":"F32","shape":[2],"data_offsets":[200,208]})"),
      "'y' must be of dtype I32 or I64, but is F32\n");
  EXPECT_EQ(errorOfInput(x, t, y, {0, 4}), "'y' has 4 at 1, outside 0 .. 3\n");
  EXPECT_EQ(errorOfInput(x, t, y, {-1, 0}),
            "'y' has -1 at 0, outside 0 .. 3\n");
}

} // namespace
} // namespace dit::runtime::test
