// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The commands from the command line to their files and exit codes.
#include "Fixture.h"

#include "runtime/Safetensors.h"
#include "runtime/commands/ClassList.h"

#include <cstring>

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

TEST_F(Commands, DenoiseIsTheNetwork) {
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
  std::memcpy(values.data(), file.bytes(*found), 96 * 4);
  for (int n = 0; n < 2; ++n) {
    std::vector<float> one(x.begin() + n * 24, x.begin() + (n + 1) * 24);
    std::vector<float> expected = FakeWeights().network(
        one, static_cast<float>(t[n]), static_cast<int>(y[n]));
    for (int i = 0; i < 48; ++i)
      EXPECT_EQ(values[n * 48 + i], expected[i]) << n << " " << i;
  }
}

/// The fake artifact as a model of one-channel pictures, or of latents.
std::string variant(const Folder &folder, const std::string &from,
                    const std::string &to) {
  std::string path = folder / "variant.so";
  writeFile(path, patchedArtifact(from, to));
  return path;
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
  std::string model = variant(folder, "\"pixel\" ,", "\"latent\",");
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
  EXPECT_EQ(parseClasses("207,360", 1), (std::vector<int32_t>{207, 360}));
  EXPECT_EQ(parseClasses("0-2,7", 2),
            (std::vector<int32_t>{0, 0, 1, 1, 2, 2, 7, 7}));
  EXPECT_EQ(parseClasses("5-5", 1), std::vector<int32_t>{5});
  for (const char *text : {"", ",", "1,", "a", "3-1", "-1", "1-", "1--2", "1 2",
                           "1.5", "99999999999", "0x1"})
    EXPECT_THROW(parseClasses(text, 1), FlagError) << text;
  EXPECT_THROW(parseClasses("0-2147483647", 1), FlagError);
  EXPECT_THROW(parseClasses("0-999", 1001), FlagError);
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

TEST_F(Commands, DenoiseRefusesWrongTensors) {
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
      "'x' must be of dtype F32, F16, BF16, F64, but is I32\n");
  EXPECT_EQ(
      errorOfInput(
          x, R"({"dtype":"F32","shape":[2,1],"data_offsets":[192,200]})", y),
      "'t' is 2x1, but 'x' has 2 samples\n");
  EXPECT_EQ(
      errorOfInput(x, t,
                   R"({"dtype":"F32","shape":[2],"data_offsets":[200,208]})"),
      "'y' must be of dtype I32 or I64, but is F32\n");
  EXPECT_EQ(errorOfInput(x, t, y, {0, 4}), "'y' has 4 at 1, outside 0 .. 3\n");
  EXPECT_EQ(errorOfInput(x, t, y, {-1, 0}),
            "'y' has -1 at 0, outside 0 .. 3\n");
}

TEST_F(Commands, InspectReadsTheManifest) {
  std::string model = fakeArtifactPath();
  CommandResult r = runCommand({"inspect", model});
  EXPECT_EQ(r.code, 0);
  for (const char *text :
       {"arithmetic: 14 parameters in 3 tensors", "x 2x4x3 (pixel)",
        "@denoise: 2 kernels\n  dit_mix  linear  gain * x + bias"})
    EXPECT_NE(r.out.find(text), std::string::npos) << r.out;
  EXPECT_EQ(runCommand({"inspect", model, "--spec"}).out,
            "name: arithmetic\ndepth: 0\n");
  EXPECT_EQ(runCommand({"inspect", model, "--json"}).out,
            fakeManifestText() + "\n");
  r = runCommand({"inspect", model, "--schedule", "--steps", "50"});
  EXPECT_NE(r.out.find("\n1    20 "), std::string::npos) << r.out;
  EXPECT_NE(r.out.find("\n49   999 "), std::string::npos) << r.out;
}

TEST_F(Commands, InspectPrintsASamplersTable) {
  std::string model = fakeArtifactPath();
  auto table = [&](std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"inspect", model, "--sampler"});
    CommandResult r = runCommand(flags);
    EXPECT_EQ(r.code, 0) << r.err;
    return r.out.substr(r.out.find('\n') + 1);
  };
  EXPECT_EQ(table({"ddim", "--steps", "1", "--clip-x0=false"}),
            "0    0            e = 1.00004995 x - 0.0100004999 p; x' = 1 e\n");
  std::string ddpm = table({"ddpm"});
  EXPECT_EQ(std::count(ddpm.begin(), ddpm.end(), '\n'), 10);
  EXPECT_NE(ddpm.find("p clamped; x' = "), std::string::npos) << ddpm;
  EXPECT_NE(ddpm.find(" e + exp(log variance / 2) z, "), std::string::npos);
  EXPECT_EQ(table({"ddpm", "--variance", "fixed_small"}).find("log variance"),
            std::string::npos);
  EXPECT_NE(table({"dpm++2m", "--steps", "3"}).find(" h1; h1' = 1 e\n"),
            std::string::npos);
  EXPECT_NE(table({"ddim", "--eta", "0.5"}).find(" z\n"), std::string::npos);
  EXPECT_EQ(runCommand({"inspect", model, "--sampler", "euler"}).code, 2);
  EXPECT_EQ(runCommand({"inspect", model, "--steps", "5"}).code, 2);
  EXPECT_EQ(table({"ddim", "--clip-x0=0"}), table({"ddim", "--clip-x0=false"}));
  EXPECT_NE(table({"ddim", "--clip-x0=0"}), table({"ddim", "--clip-x0"}));

  std::string flow = variant(folder, "\"epsilon\" ", "\"velocity\"");
  EXPECT_EQ(runCommand({"inspect", flow, "--schedule"}).err,
            "dit-run inspect: error: a model that predicts velocity has no "
            "betas: use --sampler euler\n");
  model = flow;
  EXPECT_EQ(table({"heun", "--steps", "2", "--shift", "3", "--clip-x0=false"}),
            "0    1            e = 1 x - 1 p; x' = 0.75 x + 0.25 e; h1' = "
            "0.875 x + 0.125 e\n"
            "1    0.75         e = 1 x - 0.75 p; x' = -0.166666672 x + "
            "0.166666672 e + 1 h1\n"
            "2    0.75         e = 1 x - 0.75 p; x' = 1 e\n");
}

// An artifact whose code would not load is inspected all the same.
TEST_F(Commands, InspectLoadsNoCode) {
  std::string model = variant(folder, "ditc_artifact", "ditc_artefact");
  EXPECT_EQ(runCommand({"inspect", model}).code, 0);
  CommandResult r = runCommand({"bench", model});
  EXPECT_EQ(r.code, 1);
  EXPECT_EQ(r.err.find("dit-run bench: error: " + model + ": "), 0u) << r.err;
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

// Without weights a model has those of the seed, and says so.
TEST_F(Commands, SamplesOfRandomWeights) {
  std::vector<std::string> outputs;
  for (const char *seed : {"1", "1", "2"}) {
    std::string output = folder / (std::string("x") + seed + ".safetensors");
    CommandResult r = runCommand({"sample", fakeArtifactPath(), "--classes",
                                  "0", "--seed", seed, "-o", output});
    EXPECT_EQ(r.code, 0) << r.err;
    EXPECT_NE(r.err.find("note: no --weights: the model's are random, of the "
                         "seed\n"),
              std::string::npos)
        << r.err;
    outputs.push_back(readFile(output));
  }
  EXPECT_EQ(outputs[0], outputs[1]);
  EXPECT_NE(outputs[0], outputs[2]);
}

} // namespace
} // namespace dit::runtime::test
