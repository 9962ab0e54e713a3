// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc inspect: what an artifact says of itself, and samplers' tables.
#include "Fixture.h"

#include <algorithm>

namespace dit::runtime::test {
namespace {

/// The fake artifact with one text in place of another.
std::string patched(const Folder &folder, const std::string &from,
                    const std::string &to) {
  writeFile(folder / "patched.so", patchedArtifact(from, to));
  return folder / "patched.so";
}

TEST(InspectCommand, ReadsTheManifest) {
  std::string model = fakeArtifactPath();
  CommandResult r = runCommand({"inspect", model});
  EXPECT_EQ(r.code, 0);
  for (const char *text :
       {"arithmetic: 14 parameters in 3 tensors", "x 2x4x3 (pixel)",
        "inputs: x f32 2x4x3 every step, t f32 scalar every condition, y i32 "
        "scalar every condition\n",
        "@denoise, every step: 2 kernels\n  dit_mix  linear  gain * x + bias"})
    EXPECT_NE(r.out.find(text), std::string::npos) << r.out;
  EXPECT_EQ(runCommand({"inspect", model, "--spec"}).out,
            "name: arithmetic\ndepth: 0\n");
  EXPECT_EQ(runCommand({"inspect", model, "--json"}).out,
            fakeManifestText() + "\n");
  r = runCommand({"inspect", model, "--schedule", "--steps", "50"});
  EXPECT_NE(r.out.find("\n1    20 "), std::string::npos) << r.out;
  EXPECT_NE(r.out.find("\n49   999 "), std::string::npos) << r.out;
}

TEST(InspectCommand, PrintsASamplersTable) {
  Folder folder;
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

  std::string flow = patched(folder, "\"epsilon\" ", "\"velocity\"");
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
TEST(InspectCommand, LoadsNoCode) {
  Folder folder;
  std::string model = patched(folder, "ditc_artifact", "ditc_artefact");
  EXPECT_EQ(runCommand({"inspect", model}).code, 0);
  CommandResult r = runCommand({"bench", model});
  EXPECT_EQ(r.code, 1);
  EXPECT_EQ(r.err.find("dit-run bench: error: " + model + ": "), 0u) << r.err;
}

} // namespace
} // namespace dit::runtime::test
