// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tensors in a layout of other names: put together, or refused all at once.
#include "Fixture.h"

#include "runtime/Checkpoint.h"
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
  struct Tensor {
    std::string name;
    std::vector<int64_t> shape;
    std::vector<float> values;
  };
  void writeAll(const std::vector<Tensor> &tensors) {
    std::vector<TensorToWrite> list;
    for (const Tensor &t : tensors)
      list.push_back({t.name, t.shape, t.values});
    OutputFile file(path);
    writeSafetensors(file, list, {});
    file.commit();
  }
  /// The sentences of opening it, without the path.
  std::string errorFor(const Manifest &m) {
    std::string error = errorOf([&] { openWeights(folder.path, m); });
    for (size_t at; (at = error.find(path + ": ")) != std::string::npos;)
      error.erase(at, path.size() + 2);
    return error;
  }
  /// The sentences of opening it for the tiny model, without the path.
  std::string errorOfTensors(const Tensors &tensors) {
    write(tensors);
    return errorFor(manifest());
  }
  static Manifest manifest() {
    Manifest m = parseManifest(fakeManifestText());
    m.weights = {{"x_embedder.proj.weight", {1, 2}},
                 {"t_embedder.mlp.0.bias", {2}},
                 {"blocks.0.attn.qkv.bias", {6}},
                 {"blocks.1.attn.qkv.bias", {6}}};
    m.layouts = {
        {"diffusers",
         {{"x_embedder.proj.weight", "pos_embed.proj.weight"},
          {"t_embedder.mlp.0.bias", "same(transformer_blocks.*.norm1.emb."
                                    "timestep_embedder.linear_1.bias)"}}}};
    for (std::string i : {"0", "1"}) {
      std::string from = "transformer_blocks." + i + ".attn1.to_";
      m.layouts[0].weights.push_back(
          {"blocks." + i + ".attn.qkv.bias",
           fmt::format("concat({0}q.bias, {0}k.bias, {0}v.bias)", from)});
    }
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
      "differs from the other copies of 't_embedder.mlp.0.bias', one "
      "model has one\n"
      "'transformer_blocks.0.attn1.to_q.bias' is missing, but "
      "'transformer_blocks.0.attn1.to_k.bias' is 2 of F32\n"
      "'transformer_blocks.1.attn1.to_q.bias' + "
      "'transformer_blocks.1.attn1.to_k.bias' + "
      "'transformer_blocks.1.attn1.to_v.bias' (blocks.1.attn.qkv.bias) is 7 "
      "(2 + 2 + 3), the model expects 6\n"
      "'x_embedder.proj.weight' is there a second time, as "
      "'pos_embed.proj.weight' (x_embedder.proj.weight)\n"
      "'transformer_blocks.0.norm2.weight' (1) is not a weight of the model "
      "'arithmetic'");
  t = tensors();
  t.erase("transformer_blocks.0.norm1.emb.timestep_embedder.linear_1.bias");
  t.erase("transformer_blocks.1.norm1.emb.timestep_embedder.linear_1.bias");
  EXPECT_EQ(errorOfTensors(t),
            "'transformer_blocks.*.norm1.emb.timestep_embedder.linear_1.bias' "
            "(t_embedder.mlp.0.bias) is missing, the model expects 2");
}

TEST_F(Checkpoints, ALayoutTakesRowsAndExchangesHalves) {
  writeAll({{"a.w", {2, 2}, {1, 2, 3, 4}}, {"b.w", {3}, {5, 6, 7}}});
  Manifest m = manifest();
  m.weights = {{"half", {2, 2}}, {"rows", {3}}, {"last", {1, 2}}};
  m.layouts = {{"other",
                {{"half", "swap(a.w)"},
                 {"rows", "concat(rows(swap(concat(b.w, rows(b.w, 0, 1))), 1, "
                          "3), rows(b.w, 2, 3))"},
                 {"last", "rows(swap(a.w), 1, 2)"}}}};
  auto weights = openWeights(folder.path, m);
  auto values = [&](int32_t index, size_t count) {
    const float *w = weights->read(index);
    return std::vector<float>(w, w + count);
  };
  EXPECT_EQ(values(0, 4), (std::vector<float>{3, 4, 1, 2}));
  // b.w and its first row are 5 6 7 5, swapped 7 5 5 6.
  EXPECT_EQ(values(1, 3), (std::vector<float>{5, 5, 7}));
  EXPECT_EQ(values(2, 2), (std::vector<float>{1, 2}));
  m.layouts[0].weights[0].expression = "swap(b.w)";
  m.layouts[0].weights[1].expression = "rows(b.w, 1, 4)";
  EXPECT_EQ(errorFor(m), "'b.w' is 3, which has no two halves\n"
                         "'b.w' is 3, which has no rows from 1 to 4");
}

TEST_F(Checkpoints, TwoLayoutsThatFitMustAgree) {
  writeAll({{"w", {2}, {1, 2}}, {"v", {2}, {3, 4}}, {"q", {2}, {1, 2}}});
  Manifest m = manifest();
  m.weights = {{"w", {2}}, {"v", {2}}};
  m.layouts = {{"other", {{"w", "q"}}}};
  EXPECT_EQ(errorFor(m), "");
  writeAll({{"w", {2}, {1, 2}}, {"v", {2}, {3, 4}}, {"q", {2}, {1, 9}}});
  EXPECT_EQ(errorFor(m),
            "has 'w' in two layouts, its own and 'other', which differ");
  // One that fits is the layout, whatever else is there.
  writeAll({{"v", {2}, {3, 4}}, {"q", {2}, {1, 2}}});
  EXPECT_EQ(errorFor(m), "");
  writeAll({{"x", {2}, {3, 4}}});
  EXPECT_EQ(errorFor(m),
            "'w' is missing, the model expects 2\n'v' is missing, the model "
            "expects 2\n'x' (2) is not a weight of the model 'arithmetic'\n0 "
            "of 2 weights are there under the names of the model, and of no "
            "layout more: the spec's `weights` knows 'other'");
}

TEST(Layouts, MistakesInAnExpressionHaveAPlace) {
  auto mistake = [](std::string_view text) {
    try {
      return parseLayoutExpression(text).text();
    } catch (const LayoutError &e) {
      return fmt::format("{}: {}", e.at, e.what());
    }
  };
  EXPECT_EQ(mistake("rows( a.{i - 1}.b ,(a), min(b, 2) )"),
            "rows(a.{i - 1}.b, (a), min(b, 2))");
  EXPECT_EQ(mistake("concat(a, swap(same(b.*.c)))"),
            "concat(a, swap(same(b.*.c)))");
  EXPECT_EQ(mistake("concat(a, cat(b))"),
            "10: 'cat' is no function of a layout: there are concat, swap, "
            "rows and same");
  EXPECT_EQ(mistake("swap(a, b)"), "6: swap lacks a ')'");
  EXPECT_EQ(mistake("rows(a, 1)"), "9: rows lacks a ','");
  EXPECT_EQ(mistake("a b"),
            "2: an expression of a layout goes on after its end, with 'b'");
  EXPECT_EQ(mistake("concat(a,)"),
            "9: an expression of a layout lacks a tensor's name");
  EXPECT_EQ(mistake("a.*.b"), "0: 'a.*.b' has a '*', which stands for any text "
                              "in same(..) alone");
  EXPECT_EQ(mistake("same(swap(a))"), "5: same(..) takes one name");
  EXPECT_EQ(mistake("a.{i"), "0: 'a.{i' lacks a '}'");
}

} // namespace
} // namespace dit::runtime::test
