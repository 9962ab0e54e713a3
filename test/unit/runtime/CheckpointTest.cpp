// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tensors under the names of diffusers: put together, or refused all at once.
#include "Fixture.h"

#include "runtime/Checkpoint.h"
#include "runtime/DiffusersNames.h"
#include "runtime/OutputFile.h"
#include "runtime/Safetensors.h"
#include "runtime/Weights.h"

#include <filesystem>

namespace dit::runtime::test {
namespace {

using Tensors = std::map<std::string, std::vector<float>>;

/// A tiny model of two blocks: vectors of two, the patch embedding 1x2.
Tensors tensors() {
  Tensors t{{"pos_embed.proj.weight", {1, 2}}};
  for (std::string i : {"0", "1"}) {
    std::string block = "transformer_blocks." + i;
    t[block + ".norm1.emb.timestep_embedder.linear_1.bias"] = {3, 4};
    t[block + ".attn1.to_q.bias"] = {5, 6};
    t[block + ".attn1.to_k.bias"] = {7, 8};
    t[block + ".attn1.to_v.bias"] = {9, static_cast<float>(i[0])};
  }
  return t;
}

class Checkpoints : public testing::Test {
protected:
  void write(const Tensors &tensors) {
    std::vector<TensorToWrite> list;
    for (const auto &[name, values] : tensors) {
      auto size = static_cast<int64_t>(values.size());
      std::vector<int64_t> shape{size};
      if (name == "pos_embed.proj.weight")
        shape = {1, size};
      list.push_back({name, shape, values});
    }
    OutputFile file(path);
    writeSafetensors(file, list, {});
    file.commit();
  }
  /// The sentences of opening it for the tiny model, without the path.
  std::string errorOfTensors(const Tensors &tensors) {
    write(tensors);
    std::string error = errorOf([&] { openWeights(folder.path, manifest()); });
    for (size_t at; (at = error.find(path + ": ")) != std::string::npos;)
      error.erase(at, path.size() + 2);
    return error;
  }
  static Manifest manifest() {
    Manifest m = parseManifest(fakeManifestText());
    m.weights = {{"x_embedder.proj.weight", {1, 2}},
                 {"t_embedder.mlp.0.bias", {2}},
                 {"blocks.0.attn.qkv.bias", {6}},
                 {"blocks.1.attn.qkv.bias", {6}}};
    return m;
  }

  Folder folder;
  std::string path = folder / "diffusion_pytorch_model.safetensors";
};

TEST_F(Checkpoints, PartsAreJoinedAndCopiesAreOne) {
  write(tensors());
  auto weights = openWeights(folder.path, manifest());
  auto values = [&](int32_t index, size_t count) {
    const float *w = weights->read(index);
    return std::vector<float>(w, w + count);
  };
  EXPECT_EQ(values(0, 2), (std::vector<float>{1, 2}));
  EXPECT_EQ(values(1, 2), (std::vector<float>{3, 4}));
  EXPECT_EQ(values(2, 6), (std::vector<float>{5, 6, 7, 8, 9, '0'}));
  EXPECT_EQ(values(3, 6), (std::vector<float>{5, 6, 7, 8, 9, '1'}));
  weights->release(3);
  EXPECT_EQ(values(3, 6), (std::vector<float>{5, 6, 7, 8, 9, '1'}));
}

TEST_F(Checkpoints, AllMismatchesAreNamedAtOnce) {
  Tensors t = tensors();
  t["transformer_blocks.1.norm1.emb.timestep_embedder.linear_1.bias"][1] = 5;
  t.erase("transformer_blocks.0.attn1.to_q.bias");
  t["transformer_blocks.1.attn1.to_v.bias"] = {1, 2, 3};
  t["x_embedder.proj.weight"] = {1};
  t["transformer_blocks.0.norm2.weight"] = {1};
  EXPECT_EQ(
      errorOfTensors(t),
      "'transformer_blocks.1.norm1.emb.timestep_embedder.linear_1.bias' "
      "differs from the other blocks' copies of 't_embedder.mlp.0.bias', one "
      "model has one\n"
      "'transformer_blocks.0.attn1.to_q.bias' is missing, but "
      "'transformer_blocks.0.attn1.to_k.bias' is 2 of F32\n"
      "'transformer_blocks.1.attn1.to_v.bias' is 3 of F32, but "
      "'transformer_blocks.1.attn1.to_q.bias' is 2 of F32\n"
      "'x_embedder.proj.weight' is there a second time, as "
      "'pos_embed.proj.weight'\n"
      "'transformer_blocks.0.norm2.weight' (1) is not a weight of the model "
      "'arithmetic'");
  t = tensors();
  t.erase("transformer_blocks.0.norm1.emb.timestep_embedder.linear_1.bias");
  t.erase("transformer_blocks.1.norm1.emb.timestep_embedder.linear_1.bias");
  EXPECT_EQ(errorOfTensors(t),
            "'transformer_blocks.0.norm1.emb.timestep_embedder.linear_1.bias' "
            "(t_embedder.mlp.0.bias) is missing, the model expects 2");
}

TEST(DiffusersNames, EveryOfficialNameGoesThereAndBack) {
  for (std::string official :
       {"x_embedder.proj.weight", "t_embedder.mlp.2.bias",
        "y_embedder.embedding_table.weight", "blocks.27.attn.qkv.weight",
        "blocks.0.adaLN_modulation.1.bias", "blocks.3.attn.proj.bias",
        "blocks.10.mlp.fc1.weight", "blocks.10.mlp.fc2.weight",
        "final_layer.linear.weight", "final_layer.adaLN_modulation.1.bias"}) {
    std::vector<std::string> names = diffusersNames(official);
    EXPECT_EQ(names.size(), official.find("qkv") == official.npos ? 1u : 3u);
    for (size_t i = 0; i < names.size(); ++i) {
      auto back = officialName(names[i]);
      ASSERT_TRUE(back) << names[i];
      EXPECT_EQ(back->name, official);
      EXPECT_EQ(back->part, i);
    }
  }
  EXPECT_EQ(diffusersNames("blocks.27.attn.qkv.weight")[1],
            "transformer_blocks.27.attn1.to_k.weight");
  EXPECT_TRUE(diffusersNames("pos_embed").empty());
  for (const char *name : {"", ".", "blocks.", "transformer_blocks..x",
                           "transformer_blocks.0", "pos_embed"})
    EXPECT_FALSE(officialName(name)) << name;
}

} // namespace
} // namespace dit::runtime::test
