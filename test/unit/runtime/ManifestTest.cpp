// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the manifest of a CUDA artifact says more than a CPU's: how each kernel
// is started, and which matmuls are cuBLASLt's. The keys that both have are
// tested with the artifacts (ArtifactTest.cpp).
#include "Fixture.h"

#include "runtime/Manifest.h"

#include <nlohmann/json.hpp>

namespace dit::runtime::test {
namespace {

using nlohmann::json;

const char *kLaunch = R"({"function": "dit_mix", "grid": [[4, 3, 8], [0, 5, 1]],
  "threads": 128, "shared_bytes": 36864, "operands": 3, "takes_rows": true,
  "tensor_maps": [{"operand": 1, "columns": 72, "rows": [16, 0],
                   "row_bytes": 144, "box": [64, 128], "swizzle": 128}]})";
const char *kPlainLaunch = R"({"function": "dit_variance", "grid": [[1, 0, 1]],
  "threads": 64, "shared_bytes": 0, "operands": 2, "takes_rows": false,
  "tensor_maps": []})";
const char *kMatmul = R"({"m": [16, 0], "n": 24, "k": 8, "x": 0, "weight": 1,
  "bias": 2, "out": 3, "type": "tf32", "out_type": "f32", "epilogue": "bias"})";

/// The fake artifact's manifest, as if it were made for a GPU.
json cudaManifest() {
  json m = json::parse(fakeManifestText());
  m["target"] = "cuda", m["arch"] = "sm_90a", m["features"] = json::array();
  m["dtype"] = "tf32", m["matmul"] = "cublaslt", m["code_bytes"] = 4096;
  m["nvrtc"] = "13.0";
  m["functions"][1]["kernels"][0]["cublaslt"] = json::parse(kMatmul);
  m["functions"][2]["kernels"][0]["launch"] = json::parse(kLaunch);
  m["functions"][2]["kernels"][1]["launch"] = json::parse(kPlainLaunch);
  m["step"]["launch"] = json::parse(kPlainLaunch);
  return m;
}

TEST(CudaManifest, SaysHowKernelsAreStarted) {
  Manifest m = parseManifest(cudaManifest().dump());
  EXPECT_EQ(m.matmul, "cublaslt");
  EXPECT_EQ(m.codeBytes, 4096);
  const LaunchEntry &mix = m.functions[2].kernels[0].launch.value();
  EXPECT_FALSE(m.functions[2].kernels[0].cublasLt);
  EXPECT_EQ(mix.function, "dit_mix");
  ASSERT_EQ(mix.grid.size(), 2u);
  EXPECT_EQ(mix.grid[0].blocks(1), 1); // 7 in tiles of 8
  EXPECT_EQ(mix.grid[0].blocks(2), 2); // 11
  EXPECT_EQ(mix.grid[1].blocks(100), 5);
  EXPECT_EQ(mix.threads, 128);
  EXPECT_EQ(mix.sharedBytes, 36864);
  EXPECT_EQ(mix.operands, 3);
  EXPECT_TRUE(mix.takesRows);
  ASSERT_EQ(mix.tensorMaps.size(), 1u);
  const TensorMapEntry &map = mix.tensorMaps[0];
  EXPECT_EQ(map.operand, 1);
  EXPECT_EQ(map.columns, 72);
  EXPECT_EQ(map.rows.of(3), 48);
  EXPECT_EQ(map.rowBytes, 144);
  EXPECT_EQ(map.boxColumns, 64);
  EXPECT_EQ(map.boxRows, 128);
  EXPECT_EQ(map.swizzle, 128);
  EXPECT_TRUE(m.functions[2].kernels[1].launch->tensorMaps.empty());
  EXPECT_EQ(m.step.value().function, "dit_variance");
}

TEST(CudaManifest, SaysWhichMatmulsAreCublasLts) {
  Manifest m = parseManifest(cudaManifest().dump());
  EXPECT_FALSE(m.functions[1].kernels[0].launch);
  const CublasLtEntry &matmul = m.functions[1].kernels[0].cublasLt.value();
  EXPECT_EQ(matmul.m.of(2), 32);
  EXPECT_EQ(matmul.n, 24);
  EXPECT_EQ(matmul.k, 8);
  EXPECT_EQ(matmul.x, 0);
  EXPECT_EQ(matmul.weight, 1);
  EXPECT_EQ(matmul.bias, 2);
  EXPECT_EQ(matmul.out, 3);
  EXPECT_EQ(matmul.type, "tf32");
  EXPECT_EQ(matmul.outType, "f32");
  EXPECT_EQ(matmul.epilogue, "bias");
}

TEST(CudaManifest, AnotherTargetHasNoneOfIt) {
  json whole = cudaManifest();
  whole["target"] = "cpu";
  Manifest m = parseManifest(whole.dump());
  EXPECT_EQ(m.matmul, "");
  EXPECT_FALSE(m.functions[2].kernels[0].launch || m.step);
}

TEST(CudaManifest, ValuesAreChecked) {
  auto set = [](const char *pointer, json value) {
    json m = cudaManifest();
    m[json::json_pointer(pointer)] = std::move(value);
    return errorOf([&] { parseManifest(m.dump()); });
  };
  const std::string launch = "/functions/2/kernels/0/launch";
  EXPECT_EQ(set("/matmul", "own"),
            "manifest key 'matmul' must be one of generated, cublaslt, but is "
            "'own'");
  EXPECT_EQ(set("/code_bytes", 0),
            "manifest key 'code_bytes' must be an integer from 1 to "
            "17592186044416, but is 0");
  EXPECT_EQ(set("/functions/2/kernels/0/cublaslt", json::parse(kMatmul)),
            "manifest key 'functions': 'dit_mix' of 'denoise' must have one of "
            "'launch' and 'cublaslt', but has both");
  EXPECT_EQ(
      set((launch + "/grid").c_str(), json::array()),
      "manifest key 'functions[2].kernels[0].launch.grid' must have one to "
      "three dimensions, but has 0");
  EXPECT_EQ(
      set((launch + "/grid/1").c_str(), {1, 2}),
      "manifest key 'functions[2].kernels[0].launch.grid[1]' must be three "
      "integers (per row, fixed, tile), but has 2");
  EXPECT_EQ(
      set((launch + "/grid/1").c_str(), {1, 2, 0}),
      "manifest key 'functions[2].kernels[0].launch.grid[1]' must have work "
      "and a tile of at least 1, but is [1, 2, 0]");
  EXPECT_EQ(set((launch + "/threads").c_str(), 1025),
            "manifest key 'functions[2].kernels[0].launch.threads' must be an "
            "integer from 1 to 1024, but is 1025");
  EXPECT_EQ(
      set((launch + "/tensor_maps/0/swizzle").c_str(), 48),
      "manifest key 'functions[2].kernels[0].launch.tensor_maps[0].swizzle' "
      "must be 0, 32, 64 or 128, but is 48");
  EXPECT_EQ(
      set((launch + "/tensor_maps/0/rows").c_str(), {1}),
      "manifest key 'functions[2].kernels[0].launch.tensor_maps[0].rows' must "
      "be two integers (per row, fixed), but has 1");
  EXPECT_EQ(set("/functions/1/kernels/0/cublaslt/bias", nullptr),
            "manifest key 'functions[1].kernels[0].cublaslt.bias' is null, but "
            "the epilogue is bias");
  EXPECT_EQ(
      set("/functions/1/kernels/0/cublaslt/type", "f64"),
      "manifest key 'functions[1].kernels[0].cublaslt.type' must be one of "
      "bf16, f32, tf32, but is 'f64'");
  json m = cudaManifest();
  m["functions"][2]["kernels"][1].erase("launch");
  EXPECT_EQ(errorOf([&] { parseManifest(m.dump()); }),
            "manifest key 'functions': 'dit_variance' of 'denoise' must have "
            "one of 'launch' and 'cublaslt', but has neither");
}

TEST(Manifest, WhatIsWrittenIsReadAgain) {
  for (const std::string &text : {fakeManifestText(), cudaManifest().dump()}) {
    Manifest read = parseManifest(text);
    std::string written = writeManifest(read);
    EXPECT_EQ(json::parse(written), json::parse(text));
    EXPECT_EQ(writeManifest(parseManifest(written)), written);
  }
}

TEST(Manifest, FunctionsReadWhatThereIs) {
  auto set = [](const char *pointer, json value) {
    json m = json::parse(fakeManifestText());
    m[json::json_pointer(pointer)] = std::move(value);
    return errorOf([&] { parseManifest(m.dump()); });
  };
  EXPECT_EQ(set("/functions/2/inputs/0", "z"),
            "manifest key 'functions': 'denoise' reads the input 'z', which "
            "'inputs' does not list");
  EXPECT_EQ(set("/functions/1/tables", {"condition"}),
            "manifest key 'functions': 'condition' reads the table of "
            "'condition', which no function before it fills");
  EXPECT_EQ(set("/functions/2/every", "load"),
            "manifest key 'functions' must end with one that runs every step");
  EXPECT_EQ(set("/functions/1/name", "denoise"),
            "manifest key 'functions[2].name' is 'denoise', as is another's");
  EXPECT_EQ(set("/inputs/0/name", "z"),
            "manifest key 'functions': 'denoise' reads the input 'x', which "
            "'inputs' does not list");
}

} // namespace
} // namespace dit::runtime::test
