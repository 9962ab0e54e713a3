// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One artifact of several sizes: each is what it is alone, the weights are read
// and packed once, and handles of several sizes need nothing of each other.
#include "Fixture.h"

#include "runtime/cpu/CpuDevice.h"
#include "runtime/ditc.h"
#include "runtime/images/NpzSeries.h"
#include "runtime/sampling/Sampling.h"

#include <cmath>
#include <thread>

namespace dit::runtime::test {
namespace {

constexpr Resolution first{4, 3}, second{6, 5};

TEST(Resolution, IsHeightByWidth) {
  EXPECT_EQ(parseResolution("24x40"), (Resolution{24, 40}));
  EXPECT_EQ(parseResolution("1x65536"), (Resolution{1, 65536}));
  EXPECT_EQ((Resolution{24, 40}.show()), "24x40");
  for (const char *text : {"", "x", "24", "24x", "x40", "24X40", "24x40x1",
                           " 24x40", "24x40 ", "-1x4", "0x4", "4x0", "4x65537",
                           "4x99999999999999999999", "0x18x4", "4,4"})
    EXPECT_FALSE(parseResolution(text)) << text;
}

/// Counts what is read, and how often.
class CountingWeights : public WeightSource {
public:
  explicit CountingWeights(const Manifest &manifest)
      : counts(manifest.weights.size()) {}
  const float *read(int32_t index) noexcept override {
    ++counts[static_cast<size_t>(index)];
    const FakeWeights &w = weights;
    return index == 0   ? w.gain.data()
           : index == 1 ? w.bias.data()
                        : w.label.data();
  }
  void release(int32_t) noexcept override {}

  FakeWeights weights;
  std::vector<int> counts;
};

/// Counts the allocations that devices beside one another share.
class CountingDevice : public CpuDevice {
public:
  using CpuDevice::CpuDevice;
  DeviceMemory allocateShared(int64_t bytes, const char *what) override {
    shared.push_back(bytes);
    return CpuDevice::allocateShared(bytes, what);
  }
  std::unique_ptr<Device> beside(const Alternative &model,
                                 const DeviceOptions &options) const override {
    return std::make_unique<CountingDevice>(model, options);
  }
  static inline std::vector<int64_t> shared;
};

std::vector<float> tableOf(Resolution size) {
  std::vector<float> table;
  for (int i = 0; i < size.height * size.width; ++i)
    table.push_back(static_cast<float>(std::cos(static_cast<double>(i))) / 8);
  return table;
}

/// One row of an input, and what the network of `size` makes of it.
struct Case {
  explicit Case(Resolution size) : x(2 * size.height * size.width) {
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = std::sin(static_cast<float>(3 * i));
    expected = FakeWeights().network(x, 300, 2, tableOf(size));
  }
  std::vector<float> x, expected;
};

std::vector<float> evaluate(Denoiser &denoiser, const Case &c) {
  std::vector<float> out(c.expected.size());
  float t = 300;
  int32_t y = 2;
  denoiser.evaluate(c.x.data(), {&t, 1}, {&y, 1}, out.data());
  return out;
}

std::vector<float> evaluate(ditc_model *model, const Case &c) {
  std::vector<float> out(c.expected.size());
  float t = 300;
  int32_t y = 2;
  EXPECT_EQ(ditc_denoise(model, 1, c.x.data(), &t, &y, out.data()), 0)
      << ditc_error();
  return out;
}

TEST(Sizes, AreInTheOrderOfTheChain) {
  Artifact artifact(fakeSizesPath());
  EXPECT_EQ(artifact.sizes(), (std::vector{first, second}));
  EXPECT_EQ(artifact.manifest().resolution(), first);
  EXPECT_EQ(artifact.manifest(second).resolution(), second);
  EXPECT_EQ(artifact.preparedBytes(artifact.manifest(first)), 248);
  EXPECT_EQ(errorOf([&] { artifact.manifest(Resolution{5, 6}); }),
            fakeSizesPath() + ": compiled for 4x3, 6x5, not for 5x6");
}

TEST(Sizes, EachIsTheModelOfThatSize) {
  auto artifact = std::make_shared<Artifact>(fakeSizesPath());
  CountingWeights weights(artifact->manifest());
  for (Resolution size : {first, second}) {
    Denoiser denoiser(
        artifact, openDevice(*artifact, {.threads = 2, .size = size}), weights);
    Case c(size);
    EXPECT_EQ(evaluate(denoiser, c), c.expected) << size.show();
  }
}

TEST(Sizes, ShareWhatIsPackedOnce) {
  auto artifact = std::make_shared<Artifact>(fakeSizesPath());
  CountingWeights weights(artifact->manifest());
  CountingDevice::shared.clear();
  DeviceOptions options{.size = second};
  auto one = std::make_unique<Denoiser>(
      artifact,
      std::make_unique<CountingDevice>(*artifact->alternatives(second)[0],
                                       options),
      weights);
  options.size = first;
  Denoiser two(*one, options);
  Denoiser three(two, options);
  EXPECT_EQ(weights.counts, (std::vector{1, 1, 1}));
  EXPECT_EQ(CountingDevice::shared, std::vector<int64_t>{248});
  EXPECT_EQ(evaluate(*one, Case(second)), Case(second).expected);
  one.reset();
  EXPECT_EQ(evaluate(two, Case(first)), Case(first).expected);
  EXPECT_EQ(evaluate(three, Case(first)), Case(first).expected)
      << "a table that is there is not computed again";
}

TEST(Sizes, WhatCannotBeBesideIsRefused) {
  auto artifact = std::make_shared<Artifact>(fakeSizesPath());
  CountingWeights weights(artifact->manifest());
  Denoiser one(artifact, weights, 1);
  EXPECT_EQ(errorOf([&] { Denoiser(one, {.size = Resolution{8, 8}}); }),
            fakeSizesPath() + ": compiled for 4x3, 6x5, not for 8x8");
  EXPECT_EQ(errorOf([&] { Denoiser(one, {.size = second, .device = 1}); }),
            "--device 1 is a GPU's, but the model is compiled for the target "
            "'cpu'");
  EXPECT_EQ(evaluate(one, Case(first)), Case(first).expected);
}

/// Weights in a file, and a handle of the default size.
class SizesInC : public testing::Test {
protected:
  void SetUp() override {
    writeFile(weights, FakeWeights().file());
    model = ditc_open(fakeSizesPath().c_str(), weights.c_str(), 1);
    ASSERT_NE(model, nullptr) << ditc_error();
  }
  ditc_model *beside(Resolution size) {
    ditc_place place = {};
    place.size = sizeof place;
    place.threads = 1;
    place.height = size.height;
    place.width = size.width;
    ditc_model *made = ditc_open_beside(model, &place);
    EXPECT_NE(made, nullptr) << ditc_error();
    return made;
  }

  Folder folder;
  std::string weights = folder / "w.safetensors";
  ditc_model *model = nullptr;
};

TEST_F(SizesInC, CloseInEitherOrder) {
  int64_t heights[2], widths[2] = {0, 7};
  EXPECT_EQ(ditc_get_sizes(model, 1, heights, widths), 2);
  EXPECT_EQ(widths[1], 7) << "no more are written than there is room for";
  EXPECT_EQ(ditc_get_sizes(model, 9, heights, widths), 2);
  EXPECT_EQ((Resolution{heights[1], widths[1]}), second);
  ditc_shape shape = {};
  shape.size = sizeof shape;
  ditc_model *large = beside(second);
  ditc_get_shape(large, &shape);
  EXPECT_EQ((Resolution{shape.height, shape.width}), second);
  EXPECT_EQ(evaluate(large, Case(second)), Case(second).expected);
  ditc_close(large);
  EXPECT_EQ(evaluate(model, Case(first)), Case(first).expected);
  large = beside(second);
  ditc_close(model);
  EXPECT_EQ(evaluate(large, Case(second)), Case(second).expected);
  ditc_sampling sampling = {};
  sampling.size = sizeof sampling;
  ditc_get_defaults(large, &sampling);
  EXPECT_STREQ(sampling.sampler, "ddpm");
  ditc_close(large);
}

TEST_F(SizesInC, OpenAtASize) {
  ditc_place place = {};
  place.size = sizeof place;
  place.height = 6, place.width = 5;
  ditc_model *large =
      ditc_open_at(fakeSizesPath().c_str(), weights.c_str(), &place);
  ASSERT_NE(large, nullptr) << ditc_error();
  EXPECT_EQ(evaluate(large, Case(second)), Case(second).expected);
  ditc_close(large);
  ditc_close(model);
}

TEST_F(SizesInC, ErrorsAreSentences) {
  auto errorAt = [&](int64_t height, int64_t width) {
    ditc_place place = {};
    place.size = sizeof place;
    place.height = height, place.width = width;
    EXPECT_EQ(ditc_open_beside(model, &place), nullptr);
    return std::string(ditc_error());
  };
  EXPECT_EQ(errorAt(9, 9), fakeSizesPath() + ": compiled for 4x3, 6x5, not for "
                                             "9x9");
  EXPECT_EQ(errorAt(6, 0),
            "'height' and 'width' must both be at least 1, or 0 for the "
            "model's own, but are 6 and 0");
  EXPECT_EQ(errorAt(-6, -5),
            "'height' and 'width' must both be at least 1, or 0 for the "
            "model's own, but are -6 and -5");
  EXPECT_EQ(ditc_open_beside(nullptr, nullptr), nullptr);
  EXPECT_STREQ(ditc_error(), "'model' must not be null");
  EXPECT_EQ(ditc_open_beside(model, nullptr), nullptr);
  EXPECT_STREQ(ditc_error(), "'place' must not be null");
  EXPECT_EQ(evaluate(model, Case(first)), Case(first).expected);
  ditc_close(model);
}

// Under the thread sanitizer this is also the check that nothing is shared but
// what nobody writes.
TEST_F(SizesInC, AreUsedByThreadsAtOnce) {
  auto use = [&](Resolution size) {
    for (int i = 0; i < 5; ++i) {
      ditc_model *mine = beside(size);
      Case c(size);
      for (int k = 0; k < 20; ++k)
        EXPECT_EQ(evaluate(mine, c), c.expected);
      ditc_close(mine);
    }
  };
  std::thread others[] = {std::thread(use, second), std::thread(use, second),
                          std::thread(use, first)};
  for (int k = 0; k < 20; ++k)
    EXPECT_EQ(evaluate(model, Case(first)), Case(first).expected);
  for (std::thread &other : others)
    other.join();
  ditc_close(model);
}

class SizeFlag : public testing::Test {
protected:
  void SetUp() override { writeFile(weights, FakeWeights().file()); }
  CommandResult sample(const std::string &model,
                       std::vector<std::string> more) {
    std::vector<std::string> all{"sample",    model, "--weights", weights,
                                 "--classes", "0,1", "--quiet"};
    all.insert(all.end(), more.begin(), more.end());
    return runCommand(all);
  }
  /// stderr of a command that exits with 2.
  std::string refusal(const CommandResult &r) {
    EXPECT_EQ(r.code, 2) << r.err;
    EXPECT_EQ(r.out, "");
    return r.err;
  }

  Folder folder;
  std::string weights = folder / "weights.safetensors";
};

TEST_F(SizeFlag, ChoosesWhatIsSampled) {
  EXPECT_EQ(sample(fakeSizesPath(), {"-o", folder / "a.npy"}).code, 0);
  EXPECT_EQ(
      sample(fakeSizesPath(), {"--size", "4x3", "-o", folder / "b.npy"}).code,
      0);
  EXPECT_EQ(
      sample(fakeSizesPath(), {"--size", "6x5", "-o", folder / "c.npy"}).code,
      0);
  EXPECT_EQ(readFile(folder / "a.npy"), readFile(folder / "b.npy"));
  EXPECT_NE(readFile(folder / "a.npy").find("(2, 4, 3, 2)"), std::string::npos);
  EXPECT_NE(readFile(folder / "c.npy").find("(2, 6, 5, 2)"), std::string::npos);
  EXPECT_EQ(
      sample(fakeSizesPath(), {"--size", "6x5", "-o", folder / "d.safetensors"})
          .code,
      0);
  EXPECT_NE(readFile(folder / "d.safetensors").find(R"(\"size\":\"6x5\")"),
            std::string::npos);
}

TEST_F(SizeFlag, BadOnesAreRefused) {
  const std::string out = folder / "x.npy", say = "dit-run sample: error: ";
  EXPECT_EQ(refusal(sample(fakeSizesPath(), {"--size", "8x8", "-o", out})),
            say + fakeSizesPath() + ": compiled for 4x3, 6x5, not for 8x8\n");
  EXPECT_EQ(refusal(sample(fakeArtifactPath(), {"--size", "6x5", "-o", out})),
            say + fakeArtifactPath() + ": compiled for 4x3, not for 6x5\n");
  EXPECT_EQ(refusal(sample(fakeSizesPath(), {"--size", "6", "-o", out})),
            say + "--size must be HEIGHTxWIDTH, such as 24x40, but is '6'\n");
  EXPECT_EQ(refusal(runCommand({"bench", fakeSizesPath(), "--size", "6x6"})),
            "dit-run bench: error: " + fakeSizesPath() +
                ": compiled for 4x3, 6x5, not for 6x6\n");
  EXPECT_EQ(refusal(runCommand({"inspect", fakeSizesPath(), "--size", "6x6"})),
            "dit-run inspect: error: " + fakeSizesPath() +
                ": compiled for 4x3, 6x5, not for 6x6\n");
  EXPECT_EQ(folder.names().size(), 1u) << "only the weights";
}

TEST_F(SizeFlag, ASeriesGoesOnAtItsSize) {
  std::string out = folder / "x.npz";
  auto series = [&](std::vector<std::string> more) {
    std::vector<std::string> all{"--count", "4", "-o", out};
    all.insert(all.end(), more.begin(), more.end());
    return sample(fakeSizesPath(), all);
  };
  EXPECT_EQ(series({"--size", "6x5"}).code, 0);
  std::string whole = readFile(out);
  EXPECT_NE(whole.find("(4, 6, 5, 2)"), std::string::npos);
  { // as if it had been killed after the first sample
    NpzSeries begun(folder / "y.npz", npzSettings(whole));
    begun.append(npzSamples(whole).data(), 60);
  }
  out = folder / "y.npz";
  CommandResult r = series({});
  EXPECT_EQ(r.code, 1);
  EXPECT_NE(r.err.find("begun with size \"6x5\", but now it is \"4x3\""),
            std::string::npos)
      << r.err;
  EXPECT_EQ(series({"--size", "6x5"}).code, 0);
  EXPECT_EQ(readFile(out), whole);
  for (const char *part : {"1/2", "2/2"})
    EXPECT_EQ(
        sample(fakeSizesPath(), {"--count", "4", "--shard", part, "--size",
                                 part[0] == '1' ? "6x5" : "4x3", "-o",
                                 folder / (std::string(1, part[0]) + ".npz")})
            .code,
        0);
  r = runCommand(
      {"join", folder / "1.npz", folder / "2.npz", "-o", folder / "all.npz"});
  EXPECT_EQ(r.code, 1);
  EXPECT_NE(r.err.find("was made with other settings than"), std::string::npos)
      << r.err;
}

TEST_F(SizeFlag, InspectListsAll) {
  CommandResult r = runCommand({"inspect", fakeSizesPath()});
  EXPECT_EQ(r.code, 0) << r.err;
  EXPECT_NE(r.out.find("x 2x4x3 (pixel), out 4x4x3"), std::string::npos);
  EXPECT_NE(
      r.out.find("memory: 248 B of packed weights, which all sizes share:\n"
                 "  4x3: 12 tokens, 0.000 GMACs a sample; a row: 96 B of "
                 "workspace, 12 B of condition (4 B to make it); 24 B of "
                 "scratch a thread\n"
                 "  6x5: 30 tokens, 0.000 GMACs a sample; a row: 240 B of "
                 "workspace, "),
      std::string::npos)
      << r.out;
  EXPECT_NE(r.out.find("kernels of 4x3, --size shows another's\n"),
            std::string::npos);
  r = runCommand({"inspect", fakeSizesPath(), "--size", "6x5"});
  EXPECT_NE(r.out.find("x 2x6x5 (pixel), out 4x6x5"), std::string::npos);
  EXPECT_NE(r.out.find("kernels of 6x5"), std::string::npos);
  std::string all = runCommand({"inspect", fakeSizesPath(), "--json"}).out;
  std::string one =
      runCommand({"inspect", fakeSizesPath(), "--size", "6x5", "--json"}).out;
  EXPECT_TRUE(all.ends_with(one));
  EXPECT_NE(all, one);
}

TEST_F(SizeFlag, BenchSaysWhichItTimed) {
  CommandResult r =
      runCommand({"bench", fakeSizesPath(), "--size", "6x5", "--repeat", "1"});
  EXPECT_EQ(r.code, 0) << r.err;
  EXPECT_NE(r.out.find("arithmetic, 6x5, x86-64, batch 1, "), std::string::npos)
      << r.out;
}

} // namespace
} // namespace dit::runtime::test
