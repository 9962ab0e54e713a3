// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The commands from the command line to their files and exit codes.
#include "Fixture.h"

#include "runtime/Safetensors.h"

#include <cstring>

namespace dit::runtime::test {
namespace {

class Commands : public testing::Test {
protected:
  void SetUp() override { writeFile(weights, FakeWeights().file()); }

  CommandResult sample(std::vector<std::string> more) {
    std::vector<std::string> all{"sample", fakeArtifactPath(), "--weights", weights};
    all.insert(all.end(), more.begin(), more.end());
    return runCommand(all);
  }

  Folder folder;
  std::string weights = folder / "weights.safetensors";
};

TEST_F(Commands, SampleWritesWhatItSays) {
  std::string out = folder / "x.safetensors";
  CommandResult r = sample({"--classes", "0-2", "--repeat", "2", "-o", out});
  EXPECT_EQ(r.code, 0) << r.err;
  EXPECT_NE(r.err.find("sampling: 100%"), std::string::npos) << r.err;
  SafetensorsFile file(out);
  ASSERT_NE(file.find("x"), nullptr);
  EXPECT_EQ(file.find("x")->shape, (std::vector<int64_t>{6, 2, 4, 3}));
}

TEST_F(Commands, PictureOfTwoChannelsIsRefused) {
  CommandResult r = sample({"--classes", "0", "-o", folder / "x.png"});
  EXPECT_EQ(r.code, 2);
  EXPECT_EQ(r.err, "dit-run sample: error: a picture has 1 or 3 channels, but the "
                   "samples of 'arithmetic' have 2: write .safetensors, .npy or .npz\n");
}

TEST_F(Commands, DenoiseIsTheNetwork) {
  std::vector<float> x(2 * 24);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = 0.1f * static_cast<float>(i) - 1;
  std::string in = folder / "in.safetensors", out = folder / "out.safetensors";
  int64_t y[] = {1, 3}, t[] = {500, 7};
  writeFile(in, safetensors(
                    R"({"x":{"dtype":"F32","shape":[2,2,4,3],"data_offsets":[0,192]},)"
                    R"("t":{"dtype":"I64","shape":[2],"data_offsets":[192,208]},)"
                    R"("y":{"dtype":"I64","shape":[2],"data_offsets":[208,224]}})",
                    floats(x) + std::string(reinterpret_cast<char *>(t), 16) +
                        std::string(reinterpret_cast<char *>(y), 16)));
  CommandResult r = runCommand({"denoise", fakeArtifactPath(), "--weights", weights,
                                "--input", in, "--output", out});
  ASSERT_EQ(r.code, 0) << r.err;
  SafetensorsFile file(out);
  const StoredTensor *found = file.find("out");
  ASSERT_NE(found, nullptr);
  ASSERT_EQ(found->shape, (std::vector<int64_t>{2, 4, 4, 3}));
  std::vector<float> values(96);
  std::memcpy(values.data(), file.bytes(*found), 96 * 4);
  for (int n = 0; n < 2; ++n) {
    std::vector<float> one(x.begin() + n * 24, x.begin() + (n + 1) * 24);
    std::vector<float> expected =
        FakeWeights().network(one, static_cast<float>(t[n]), static_cast<int>(y[n]));
    for (int i = 0; i < 48; ++i)
      EXPECT_EQ(values[n * 48 + i], expected[i]) << n << " " << i;
  }
}

TEST_F(Commands, BenchMeasures) {
  CommandResult r = runCommand(
      {"bench", fakeArtifactPath(), "--batch", "3", "--repeat", "2", "--json"});
  EXPECT_EQ(r.code, 0) << r.err;
  for (const char *key : {"median_ms", "min_ms", "peak_gflops", "percent_of_peak",
                          "peak_rss_bytes", "dit_mix"})
    EXPECT_NE(r.out.find(key), std::string::npos) << key << r.out;
}

} // namespace
} // namespace dit::runtime::test
