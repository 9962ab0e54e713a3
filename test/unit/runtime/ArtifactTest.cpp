// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Artifacts that must be refused with a sentence: foreign, truncated, damaged,
// of another version, target or CPU; and what the manifest may not say.
#include "Fixture.h"

#include "runtime/Elf.h"
#include "runtime/cpu/CpuFeatures.h"

#include <nlohmann/json.hpp>

#include <elf.h>

#include <cstring>

namespace dit::runtime::test {
namespace {

using nlohmann::json;

/// The error of loading `bytes` as an artifact, without its path.
std::string errorOfBytes(const std::string &bytes) {
  Folder folder;
  std::string path = folder / "model.so";
  writeFile(path, bytes);
  std::string error = errorOf([&] { Artifact artifact(path); });
  EXPECT_TRUE(error.empty() || error.starts_with(path + ": ")) << error;
  return error.empty() ? "" : error.substr(path.size() + 2);
}

TEST(Artifact, LoadsAndAgreesWithItsSection) {
  Artifact artifact(fakeArtifactPath());
  EXPECT_EQ(artifact.manifest().name, "arithmetic");
  EXPECT_EQ(artifact.alternatives()[0].functions->abi_version, DIT_ABI_VERSION);
  EXPECT_EQ(artifact.alternatives().size(), 1u);
  EXPECT_EQ(readManifestTexts(fakeArtifactPath()),
            std::vector{fakeManifestText()});
}

/// An artifact beside the fake one.
std::string sibling(const std::string &name) {
  std::string path = fakeArtifactPath();
  return path.substr(0, path.rfind('/') + 1) + name;
}

TEST(Artifact, MayHoldAlternatives) {
  std::string path = sibling("FakeChain.so");
  Artifact artifact(path);
  ASSERT_EQ(artifact.alternatives().size(), 2u);
  EXPECT_EQ(artifact.alternatives()[1].manifest.name, "arithmetic");
  EXPECT_EQ(artifact.alternatives()[0].functions->alternative,
            artifact.alternatives()[1].functions);
  EXPECT_EQ(readManifests(path).size(), 2u);
  CommandResult r = runCommand({"inspect", path});
  EXPECT_EQ(r.code, 0);
  EXPECT_NE(r.out.find("\nalternative 1 of 2\n"), std::string::npos) << r.out;
  EXPECT_NE(r.out.find("\nalternative 2 of 2\n"), std::string::npos) << r.out;
  EXPECT_EQ(runCommand({"inspect", path, "--json"}).out,
            fakeManifestText() + "\n" + fakeManifestText() + "\n");
}

TEST(Artifact, AChainThatDiffersFromItsManifestsIsRefused) {
  std::string path = sibling("FakeChainTooShort.so");
  EXPECT_EQ(errorOf([&] { Artifact artifact(path); }),
            path + ": damaged: the code has fewer alternatives than the 2 "
                   "manifests in section .dit.manifest");
  path = sibling("FakeChainTooLong.so");
  EXPECT_EQ(errorOf([&] { Artifact artifact(path); }),
            path + ": damaged: the code has more alternatives than the 1 "
                   "manifests in section .dit.manifest");
}

TEST(Artifact, EveryManifestEndsWithAZero) {
  std::string bytes = readFile(fakeArtifactPath());
  size_t zero = bytes.find(fakeManifestText()) + fakeManifestText().size();
  ASSERT_EQ(bytes[zero], '\0');
  bytes[zero] = ' ';
  std::string error = errorOfBytes(bytes);
  EXPECT_EQ(error, "truncated or damaged: the manifest at 0 of section "
                   ".dit.manifest has no final zero");
}

TEST(Artifact, WhatIsNoneIsRefused) {
  EXPECT_EQ(errorOfBytes(""),
            "not an artifact: it is not an ELF shared object");
  EXPECT_EQ(errorOfBytes("name: DiT\n"),
            "not an artifact: it is not an ELF shared object");
  EXPECT_EQ(errorOfBytes("\x7f"
                         "ELF"),
            "truncated or damaged: an ELF header has 64 bytes, the file 4");
  EXPECT_EQ(
      errorOfBytes(readFile("/lib/x86_64-linux-gnu/libm.so.6")),
      "not an artifact: the shared object has no section .dit.manifest, which "
      "ditc writes");
  EXPECT_EQ(errorOf([] { Artifact("/nowhere/model.so"); }),
            "/nowhere/model.so: cannot be opened: no such file or directory");
}

TEST(Artifact, AnotherAbiVersionIsRefusedFirst) {
  // A manifest of another version has other keys: only "abi" may be looked at.
  EXPECT_EQ(errorOfBytes(patchedArtifact("{\"abi\": 4, \"compiler\"",
                                         "{\"abi\": 9, \"complier\"")),
            "the artifact speaks ABI version 9, this program version 4: "
            "compile the spec "
            "again with the ditc that belongs to it");
}

TEST(Artifact, AnotherTargetIsRefused) {
  EXPECT_EQ(
      errorOfBytes(
          patchedArtifact("\"target\": \"cpu\"", "\"target\": \"tpu\"")),
      "compiled for the target 'tpu', this program runs the targets cpu and "
      "cuda");
}

TEST(Artifact, MissingCpuFeaturesAreNamed) {
  std::string error = errorOfBytes(patchedArtifact("\"fxsr\"", "\"amxq\""));
  EXPECT_EQ(
      error,
      "compiled for x86-64 and needs amxq, but this CPU (" + thisCpu().model +
          ") has no amxq: compile the spec on this machine or with a lower "
          "--arch");
  EXPECT_EQ(errorOf([] {
              checkCpuFeatures({"avx2", "fma", "avx512f"}, "x86-64-v4",
                               {"Old CPU", {"avx2", "fma"}});
            }),
            "compiled for x86-64-v4 and needs avx2, fma, avx512f, but this CPU "
            "(Old CPU) "
            "has no avx512f: compile the spec on this machine or with a lower "
            "--arch");
  EXPECT_EQ(errorOf([] { checkCpuFeatures({"fma"}, "x", {"C", {"fma"}}); }),
            "");
}

TEST(Artifact, ForeignMachinesAreRefused) {
  std::string bytes = readFile(fakeArtifactPath());
  std::string arm = bytes;
  arm[offsetof(Elf64_Ehdr, e_machine)] = static_cast<char>(EM_AARCH64);
  EXPECT_EQ(errorOfBytes(arm),
            "compiled for another kind of machine (ELF class 2, machine "
            "183), this one is x86-64 (class 2, machine 62)");
  std::string executable = bytes;
  executable[offsetof(Elf64_Ehdr, e_type)] = ET_EXEC;
  EXPECT_EQ(errorOfBytes(executable),
            "not an artifact: ELF type 2 is not a shared object (type 3)");
}

TEST(Artifact, EveryTruncationIsRefused) {
  std::string whole = readFile(fakeArtifactPath());
  for (size_t length = 0; length < whole.size();
       length += length < 300 ? 1 : 61)
    ASSERT_NE(errorOf([&] {
                findSection(std::string_view(whole).substr(0, length),
                            DIT_MANIFEST_SECTION);
              }),
              "")
        << length;
  for (size_t length = 0; length < whole.size(); length += whole.size() / 20)
    ASSERT_NE(errorOfBytes(whole.substr(0, length)), "") << length;
  EXPECT_TRUE(errorOfBytes(whole.substr(0, whole.size() - 1))
                  .starts_with("truncated or damaged: "));
}

// Bits flipped in all the bytes that the reader looks at; the code is not
// loaded.
TEST(Artifact, FlippedBitsNeverCrashTheReader) {
  std::string whole = readFile(fakeArtifactPath());
  Elf64_Ehdr header;
  std::memcpy(&header, whole.data(), sizeof(header));
  auto flip = [&](size_t begin, size_t count) {
    for (size_t at = begin; at < begin + count; ++at)
      for (int bit = 0; bit < 8; ++bit) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
        errorOf([&] {
          if (auto section = findSection(damaged, DIT_MANIFEST_SECTION))
            parseManifest(section->substr(0, section->find('\0')));
        });
      }
  };
  flip(0, sizeof(header));
  flip(header.e_phoff, header.e_phnum * sizeof(Elf64_Phdr));
  flip(header.e_shoff, header.e_shnum * sizeof(Elf64_Shdr));
  flip(whole.find("{\"abi\""), 300);
}

/// The error of parsing the fake manifest after `change`.
std::string errorOfManifest(const std::function<void(json &)> &change) {
  json m = json::parse(fakeManifestText());
  change(m);
  return errorOf([&] { parseManifest(m.dump()); });
}

TEST(Manifest, EveryKeyIsNeeded) {
  json whole = json::parse(fakeManifestText());
  int keys = 0;
  std::function<void(json::json_pointer)> walk = [&](json::json_pointer at) {
    for (const auto &[key, value] : whole[at].items()) {
      std::string error = errorOfManifest([&](json &m) { m[at].erase(key); });
      EXPECT_NE(error.find(key), std::string::npos) << key << ": " << error;
      EXPECT_NE(error.find("missing"), std::string::npos) << error;
      // A value of a type that no key has.
      error = errorOfManifest([&](json &m) { m[at][key] = nullptr; });
      EXPECT_NE(error.find(key), std::string::npos) << key << ": " << error;
      ++keys;
      if (value.is_object())
        walk(at / key);
      else if (value.is_array() && value.size() > 0 && value[0].is_object())
        walk(at / key / 0);
    }
  };
  walk(json::json_pointer());
  EXPECT_EQ(keys, 67);
}

TEST(Manifest, ValuesAreChecked) {
  auto set = [](const char *pointer, json value) {
    return errorOfManifest(
        [&](json &m) { m[json::json_pointer(pointer)] = std::move(value); });
  };
  EXPECT_EQ(set("/memory/scratch_bytes", "12"),
            "manifest key 'memory.scratch_bytes' must be an integer from 0 to "
            "68719476736, but is \"12\"");
  EXPECT_EQ(set("/memory/prepared_bytes", -1),
            "manifest key 'memory.prepared_bytes' must be an integer from 0 to "
            "17592186044416, but is -1");
  EXPECT_EQ(
      set("/space", "pixels"),
      "manifest key 'space' must be one of latent, pixel, but is 'pixels'");
  EXPECT_EQ(set("/inputs/0/shape", {2, 4}),
            "manifest key 'inputs': 'x' must be f32 of three dimensions (C, H, "
            "W), but is f32 of 2x4");
  EXPECT_EQ(set("/inputs/0/shape", {2, 65536, 65536}),
            "manifest key 'inputs': 'x' is 2x65536x65536, more elements than "
            "2^31 or a side over 65536");
  EXPECT_EQ(set("/outputs/0/shape", {2, 4, 3}),
            "manifest key 'outputs' must have 4 channels (learn_sigma true), "
            "but has 2");
  EXPECT_EQ(set("/outputs/0/shape", {4, 4, 4}),
            "manifest key 'outputs' must keep the 4x3 of 'x', but is 4x4x4");
  EXPECT_EQ(set("/diffusion/sample_steps", 2000),
            "manifest key 'diffusion.sample_steps' must be an integer from 1 "
            "to 1000, but "
            "is 2000");
  EXPECT_EQ(set("/diffusion/beta_end", 1),
            "manifest key 'diffusion.beta_end' must be a number from 1e-12 to "
            "0.999999, "
            "but is 1");
  EXPECT_EQ(set("/guidance/channels", 3),
            "manifest key 'guidance.channels' must be an integer from 1 to 2, "
            "but is 3");
  EXPECT_EQ(
      set("/guidance/channels", "some"),
      "manifest key 'guidance.channels' must be one of all, but is 'some'");
  EXPECT_EQ(set("/weights/1/name", "gain"),
            "manifest key 'weights[1].name' is 'gain', as is another's");
  EXPECT_EQ(
      set("/weights/1/shape", {1 << 30, 1 << 30}),
      "manifest key 'weights[1].shape' is 1073741824x1073741824, more elements "
      "than 2^40");
  EXPECT_EQ(set("/functions/2/kernels/1/macs", 0.5),
            "manifest key 'functions[2].kernels[1].macs' must be an integer "
            "from 0 to "
            "1152921504606846976, but is 0.5");
  EXPECT_EQ(set("/features", {1}),
            "manifest key 'features' must hold strings, but holds 1");
  EXPECT_EQ(set("/unknown", 1), "") << "a compiler may say more";
  EXPECT_EQ(errorOf([] { parseManifest("{\"abi\": 2"); }),
            "the manifest is not valid JSON at byte 10");
  EXPECT_EQ(errorOf([] { parseManifest("[]"); }),
            "manifest must be an object, but is []");
}

TEST(Artifact, PrepareMayRefuse) {
  Folder folder;
  FakeWeights weights;
  weights.bias[0] = 12345;
  writeFile(folder / "w", weights.file());
  auto artifact = std::make_shared<Artifact>(fakeArtifactPath());
  auto source = openWeights(folder / "w", artifact->manifest());
  EXPECT_EQ(errorOf([&] { Denoiser(artifact, *source, 1); }),
            fakeArtifactPath() +
                ": prepare failed: the bias is 12345 (code 7)");
}

} // namespace
} // namespace dit::runtime::test
