// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The commands from the command line to their files and exit codes.
#include "Fixture.h"

#include "runtime/Safetensors.h"
#include "runtime/commands/ClassList.h"

#include <algorithm>
#include <cmath>

namespace dit::runtime::test {
namespace {

class Commands : public testing::Test {
protected:
  void SetUp() override { writeFile(weights, FakeWeights().file()); }

  CommandResult sample(std::vector<std::string> more) {
    std::vector<std::string> all{"sample", fakeArtifactPath(), "--weights",
                                 weights};
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
  EXPECT_EQ(
      r.err,
      "dit-run sample: error: a picture has 1 or 3 channels, but the "
      "samples of 'arithmetic' have 2: write .safetensors, .npy or .npz\n");
}

TEST_F(Commands, TheFileTypeIsTheExtension) {
  for (const char *name : {"x.npy", "x.npz", "x.safetensors"}) {
    CommandResult r =
        sample({"--classes", "0,2", "-o", folder / name, "--quiet"});
    EXPECT_EQ(r.code, 0) << r.err;
    EXPECT_EQ(r.err, "");
    EXPECT_EQ(r.out.find((folder / name) + ": 2 samples of arithmetic in "), 0u)
        << r.out;
  }
  std::string npy = readFile(folder / "x.npy");
  EXPECT_NE(npy.find("'|u1', 'fortran_order': False, 'shape': (2, 4, 3, 2), }"),
            std::string::npos);
  EXPECT_EQ(npy.size(), 128u + 48);
  EXPECT_NE(readFile(folder / "x.npz").find(npy), std::string::npos);
  EXPECT_NE(readFile(folder / "x.safetensors").find(R"(\"seed\":0)"),
            std::string::npos);
  for (const char *name : {"x", "x.jpg", "x.png.", "a.png/x"}) {
    CommandResult r = sample({"--classes", "0", "-o", folder / name});
    EXPECT_EQ(r.code, 2);
    EXPECT_EQ(
        r.err,
        "dit-run sample: error: the output must end in .png, .npy, .npz or "
        ".safetensors, but is '" +
            (folder / name) + "'\n");
  }
}

TEST_F(Commands, LatentsAreNoPicture) {
  std::string model = folder / "latents.so";
  writeFile(model, patchedArtifact("\"pixel\" ,", "\"latent\","));
  CommandResult r = runCommand({"sample", model, "--weights", weights,
                                "--classes", "0", "-o", folder / "x.png"});
  EXPECT_EQ(r.code, 2);
  EXPECT_EQ(
      r.err,
      "dit-run sample: error: 'arithmetic' makes latents (2x4x3), which are "
      "no picture before a decoder: write .safetensors, .npy or .npz instead "
      "of '" +
          (folder / "x.png") + "'\n");
  r = runCommand({"sample", model, "--weights", weights, "--classes", "0", "-o",
                  folder / "x.npy"});
  EXPECT_EQ(r.code, 0) << r.err;
  EXPECT_NE(
      readFile(folder / "x.npy")
          .find("'<f4', 'fortran_order': False, 'shape': (1, 2, 4, 3), }"),
      std::string::npos);
}

TEST_F(Commands, TheSameSeedIsTheSameFile) {
  auto bytesOf = [&](std::vector<std::string> flags) {
    std::vector<std::string> all{
        "--classes",   "0-2", "--repeat", "3",
        "--cfg-scale", "2",   "-o",       folder / "x.safetensors"};
    all.insert(all.end(), flags.begin(), flags.end());
    CommandResult r = sample(all);
    EXPECT_EQ(r.code, 0) << r.err;
    return readFile(folder / "x.safetensors");
  };
  std::string base = bytesOf({});
  EXPECT_EQ(bytesOf({"--threads", "1"}), base);
  EXPECT_EQ(
      bytesOf({"--threads", "3", "--batch", "2", "--condition-memory", "1"}),
      base);
  EXPECT_NE(bytesOf({"--seed", "1"}), base);
  EXPECT_NE(bytesOf({"--cfg-channels", "1"}), base);
  EXPECT_NE(bytesOf({"--cfg-interval", "0,500"}), base);
  EXPECT_NE(bytesOf({"--cfg-rescale", "0.5"}), base);
  EXPECT_NE(bytesOf({"--rng", "torch-cpu"}), base);
  EXPECT_NE(bytesOf({"--sampler", "ddim"}), base);
  EXPECT_NE(bytesOf({"--steps", "ddim10"}), base);
}

TEST_F(Commands, ClassesAreListsAndRanges) {
  EXPECT_EQ(parseClasses("207,360", 1, 1000), (std::vector<int32_t>{207, 360}));
  EXPECT_EQ(parseClasses("0-2,7", 2, 1000),
            (std::vector<int32_t>{0, 0, 1, 1, 2, 2, 7, 7}));
  EXPECT_EQ(parseClasses("5-5", 1, 1000), std::vector<int32_t>{5});
  EXPECT_EQ(parseClasses("all", 2, 3),
            (std::vector<int32_t>{0, 0, 1, 1, 2, 2}));
  for (const char *text : {"", ",", "1,", "a", "all,1", "ALL", "3-1", "-1",
                           "1-", "1--2", "1 2", "1.5", "99999999999", "0x1"})
    EXPECT_THROW(parseClasses(text, 1, 1000), FlagError) << text;
  EXPECT_THROW(parseClasses("0-2147483647", 1, 1000), FlagError);
  EXPECT_THROW(parseClasses("0-999", 1001, 1000), FlagError);
}

/// One line on stderr, exit 2, and nothing written.
TEST_F(Commands, BadFlagsExitWithTwo) {
  std::string out = folder / "x.npy", model = fakeArtifactPath();
  std::vector<std::string> good{"sample",    model, "--weights", weights,
                                "--classes", "0",   "-o",        out};
  using Flags = std::vector<std::string>;
  for (const Flags &flags : {Flags{"--steps", "0"},
                             {"--steps", "ten"},
                             {"--steps", "1001"},
                             {"--steps", ""},
                             {"--sampler", "rk4"},
                             {"--sampler", "euler"},
                             {"--variance", "small"},
                             {"--shift", "2"},
                             {"--clip-x0=maybe"},
                             {"--cfg-formula", "w"},
                             {"--eta", "2"},
                             {"--eta", "x"},
                             {"--cfg-scale", "-1"},
                             {"--cfg-scale", "nan"},
                             {"--cfg-channels", "3"},
                             {"--cfg-channels", "some"},
                             {"--cfg-channels", "0"},
                             {"--cfg-interval", "5"},
                             {"--cfg-interval", "5,"},
                             {"--cfg-interval", "7,5"},
                             {"--cfg-interval", "1,2,3"},
                             {"--cfg-interval", "0,nan"},
                             {"--cfg-rescale", "2"},
                             {"--cfg-rescale", "-0.1"},
                             {"--rng", "torch"},
                             {"--seed", "-1"},
                             {"--seed", "x"},
                             {"--seed", ""},
                             {"--seed", "18446744073709551616"},
                             {"--eta", "0.5"},
                             {"--columns", "2"},
                             {"--classes", "uniform"},
                             {"--spacing", "odd"},
                             {"--steps", "ddim50", "--spacing", "leading"},
                             {"--steps", "5", "--timesteps", "999,0"},
                             {"--timesteps", "0,999"},
                             {"--timesteps", "1000,0"},
                             {"--timesteps", "5,-1"},
                             {"--timesteps", "5,,1"},
                             {"--sigmas", "1,0.5"},
                             {"--sampler", "ddim", "--variance", "fixed_small"},
                             {"--cfg-rescale", "0.5"},
                             {"--cfg-scale", "2", "--cfg-interval", "1,2"},
                             {"--threads", "0"},
                             {"--threads", "1e9"},
                             {"--batch", "0"},
                             {"--repeat", "0"},
                             {"--columns", "0"},
                             {"--condition-memory", "0"},
                             {"--nonsense"},
                             {"extra"},
                             {"--seed"}}) {
    std::vector<std::string> all = good;
    all.insert(all.end(), flags.begin(), flags.end());
    CommandResult r = runCommand(all);
    EXPECT_EQ(r.code, 2) << testing::PrintToString(flags) << r.err;
    EXPECT_EQ(r.err.find("dit-run sample: error: "), 0u) << r.err;
    EXPECT_EQ(r.err.find('\n'), r.err.size() - 1) << r.err;
    EXPECT_EQ(r.out, "");
  }
  EXPECT_EQ(runCommand({}).code, 2);
  EXPECT_EQ(runCommand({"paint"}).code, 2);
  EXPECT_EQ(runCommand({"sample"}).code, 2);
  EXPECT_EQ(runCommand({"bench", model, "--batch", "-1"}).code, 2);
  EXPECT_EQ(runCommand({"inspect", model, "--json", "--spec"}).code, 2);
  EXPECT_EQ(runCommand({"--help"}).code, 0);
  EXPECT_EQ(folder.names().size(), 1u) << "only the weights";
}

TEST_F(Commands, BadFilesExitWithOne) {
  std::string out = folder / "x.npy", model = fakeArtifactPath();
  auto fails = [&](std::vector<std::string> arguments,
                   const std::string &error) {
    CommandResult r = runCommand(arguments);
    EXPECT_EQ(r.code, 1);
    EXPECT_EQ(r.err, error);
  };
  fails({"sample", model, "--weights", folder / "no", "--classes", "0", "-o",
         out},
        "dit-run sample: error: " + (folder / "no") +
            ": cannot be opened: no such file or directory\n");
  fails({"sample", weights, "--weights", weights, "--classes", "0", "-o", out},
        "dit-run sample: error: " + weights +
            ": not an artifact: it is not an ELF shared object\n");
  fails({"sample", model, "--weights", weights, "--classes", "0", "-o",
         folder / "no/x.npy"},
        "dit-run sample: error: " + (folder / "no/x.npy") +
            ": cannot be written: no such file or directory\n");
  writeFile(folder / "empty.safetensors", safetensors("{}", ""));
  std::string prefix =
      "dit-run bench: error: " + (folder / "empty.safetensors") + ": ";
  fails({"bench", model, "--weights", folder / "empty.safetensors"},
        prefix + "'gain' is missing, the model expects 2x2\n" + prefix +
            "'bias' is missing, the model expects 2\n" + prefix +
            "'label' is missing, the model expects 4x2\n");
  fails({"inspect", "/nowhere"},
        "dit-run inspect: error: /nowhere: cannot be opened: no "
        "such file or directory\n");
  EXPECT_EQ(folder.names().size(), 2u);
}

TEST_F(Commands, BenchMeasures) {
  CommandResult r = runCommand(
      {"bench", fakeArtifactPath(), "--batch", "3", "--repeat", "2", "--json"});
  EXPECT_EQ(r.code, 0) << r.err;
  for (const char *key :
       {"median_ms", "min_ms", "peak_gflops", "percent_of_peak",
        "peak_rss_bytes", "dit_mix", "\"launches_per_step\": 2"})
    EXPECT_NE(r.out.find(key), std::string::npos) << key << r.out;
}

TEST_F(Commands, OnlyModelsForGpusHaveADevice) {
  CommandResult r = runCommand({"bench", fakeArtifactPath(), "--device", "1"});
  EXPECT_EQ(r.code, 2);
  EXPECT_EQ(r.err, "dit-run bench: error: " + fakeArtifactPath() +
                       ": --device 1 is a GPU's, but the model is compiled for "
                       "the target 'cpu'\n");
}

TEST_F(Commands, SamplesOfRandomWeights) {
  std::vector<std::string> outputs;
  for (const char *seed : {"1", "1", "2"}) {
    std::string output = folder / (std::string("x") + seed + ".safetensors");
    CommandResult r =
        runCommand({"sample", fakeArtifactPath(), "--random-weights",
                    "--classes", "0", "--seed", seed, "-o", output});
    EXPECT_EQ(r.code, 0) << r.err;
    outputs.push_back(readFile(output));
  }
  EXPECT_EQ(outputs[0], outputs[1]);
  EXPECT_NE(outputs[0], outputs[2]);
}

TEST_F(Commands, ForgottenWeightsAreAskedFor) {
  CommandResult r = runCommand(
      {"sample", fakeArtifactPath(), "--classes", "0", "-o", folder / "x.npy"});
  EXPECT_EQ(r.code, 2);
  EXPECT_EQ(r.err, "dit-run sample: error: the weights are missing: give "
                   "--weights FILE, or --random-weights for random ones of the "
                   "seed\n");
  EXPECT_EQ(
      sample({"--random-weights", "--classes", "0", "-o", folder / "x.npy"})
          .code,
      2);
}

// Nothing is written, and the sentence says where it began.
TEST_F(Commands, SamplesThatAreNotFiniteAreErrors) {
  FakeWeights bad;
  bad.label[2] = NAN; // class 1
  writeFile(weights, bad.file());
  for (const char *rng : {"counter", "torch-cpu"}) {
    CommandResult r =
        sample({"--classes", "0,2,1,1", "--steps", "5", "--batch", "3", "--rng",
                rng, "-o", folder / "x.npy", "--quiet"});
    EXPECT_EQ(r.code, 1);
    EXPECT_EQ(r.err, "dit-run sample: error: 2 of 4 samples have values that "
                     "are not finite: sample 2, of class 1, from evaluation 1 "
                     "of 5 on, at t = 999\n");
  }
  CommandResult r =
      sample({"--count", "9", "--classes", "0,0,0,0,0,1", "--steps", "5",
              "--batch", "4", "-o", folder / "x.npz", "--quiet"});
  EXPECT_EQ(r.code, 1);
  EXPECT_EQ(r.err, "dit-run sample: error: 1 of 4 samples have values that are "
                   "not finite: sample 5, of class 1, from evaluation 1 of 5 "
                   "on, at t = 999\n");
  std::vector<std::string> names = folder.names();
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"weights.safetensors",
                                             "x.npz.part", "x.npz.part.json"}));
}

// The null label's prediction is not finite: only guided evaluations are bad.
TEST_F(Commands, TheFirstBadEvaluationIsNamed) {
  FakeWeights bad;
  bad.label[6] = INFINITY;
  writeFile(weights, bad.file());
  CommandResult r =
      sample({"--classes", "0", "--steps", "10", "--cfg-scale", "2",
              "--cfg-interval", "200,700", "-o", folder / "x.npy", "--quiet"});
  EXPECT_EQ(r.code, 1);
  EXPECT_EQ(r.err, "dit-run sample: error: 1 of 1 samples have values that are "
                   "not finite: sample 0, of class 0, from evaluation 4 of 10 "
                   "on, at t = 666\n");
}

} // namespace
} // namespace dit::runtime::test
