// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The names as one table, read in both directions.
#include "runtime/DiffusersNames.h"

#include <algorithm>
#include <string_view>

namespace dit::runtime {
namespace {

/// Names without their last word (weight or bias); * is a block's number. A *
/// that the official name does not have: every block has a copy.
struct Rule {
  std::string_view official, stored;
  size_t part = 0, parts = 1;
};

constexpr Rule rules[] = {
    {"x_embedder.proj", "pos_embed.proj"},
    {"t_embedder.mlp.0",
     "transformer_blocks.*.norm1.emb.timestep_embedder.linear_1"},
    {"t_embedder.mlp.2",
     "transformer_blocks.*.norm1.emb.timestep_embedder.linear_2"},
    {"y_embedder.embedding_table",
     "transformer_blocks.*.norm1.emb.class_embedder.embedding_table"},
    {"blocks.*.adaLN_modulation.1", "transformer_blocks.*.norm1.linear"},
    {"blocks.*.attn.qkv", "transformer_blocks.*.attn1.to_q", 0, 3},
    {"blocks.*.attn.qkv", "transformer_blocks.*.attn1.to_k", 1, 3},
    {"blocks.*.attn.qkv", "transformer_blocks.*.attn1.to_v", 2, 3},
    {"blocks.*.attn.proj", "transformer_blocks.*.attn1.to_out.0"},
    {"blocks.*.mlp.fc1", "transformer_blocks.*.ff.net.0.proj"},
    {"blocks.*.mlp.fc2", "transformer_blocks.*.ff.net.2"},
    {"final_layer.adaLN_modulation.1", "proj_out_1"},
    {"final_layer.linear", "proj_out_2"},
};

struct Name {
  std::string pattern, block, last;
};

/// "blocks.12.attn.qkv.bias" as "blocks.*.attn.qkv", "12" and ".bias".
Name taken(const std::string &name) {
  Name n;
  size_t dot = std::min(name.rfind('.'), name.size());
  n.pattern = name.substr(0, dot);
  n.last = name.substr(dot);
  std::string_view blocks = "blocks.";
  size_t at = n.pattern.find(blocks);
  if (at == std::string::npos)
    return n;
  at += blocks.size();
  size_t end =
      std::min(n.pattern.find_first_not_of("0123456789", at), n.pattern.size());
  n.block = n.pattern.substr(at, end - at);
  if (!n.block.empty())
    n.pattern.replace(at, end - at, "*");
  return n;
}

std::string filled(std::string_view pattern, const std::string &block,
                   const std::string &last) {
  std::string name(pattern);
  if (size_t at = name.find('*'); at != std::string::npos)
    name.replace(at, 1, block);
  return name + last;
}

bool isRepeated(const Rule &rule) {
  return rule.stored.find('*') != std::string_view::npos &&
         rule.official.find('*') == std::string_view::npos;
}

} // namespace

std::optional<OfficialName> officialName(const std::string &stored) {
  Name n = taken(stored);
  for (const Rule &rule : rules)
    if (rule.stored == n.pattern)
      return OfficialName{filled(rule.official, n.block, n.last), rule.part,
                          rule.parts, isRepeated(rule)};
  return std::nullopt;
}

std::vector<std::string> diffusersNames(const std::string &official) {
  Name n = taken(official);
  std::vector<std::string> names;
  for (const Rule &rule : rules)
    if (rule.official == n.pattern)
      names.push_back(
          filled(rule.stored, isRepeated(rule) ? "0" : n.block, n.last));
  return names;
}

} // namespace dit::runtime
