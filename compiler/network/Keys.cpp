// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/network/Keys.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace dit;

namespace {

constexpr llvm::StringLiteral kNorms = "layer_norm rms_norm",
                              kActivations = "silu gelu gelu_tanh";

constexpr Key kInputKeys[] = {
    {"tokens", Kind::Size, "", "how many tokens: (N, tokens, features)"},
    {"features", Kind::Size, "",
     "of each token, or of the vector (N, features)"},
    {"labels", Kind::Size, "", "the input is a label of so many: (N) integers"},
    {"every", Kind::Word, "prompt",
     "when the input changes: with each prompt, each timestep or each step",
     "prompt condition step"},
    {"null_value", Kind::Weight, "",
     "what guidance tells in place of it: `zeros`, or a tensor of the weights, "
     "as large as the input"},
};
constexpr Key kNormKeys[] = {
    {"kind", Kind::Word, "layer_norm", "of the norm", kNorms},
    {"affine", Kind::Flag, "false", "a weight, and a layer norm's bias"},
    {"eps", Kind::Number, "norm.eps", "added to the variance or mean square"},
    {"name", Kind::Weight, "",
     "of the affine weights; `norm{n}` of the n-th "
     "branch"},
};
constexpr Key kAttentionKeys[] = {
    {"attention", Kind::Other, "self",
     "`self`, `joint` (one softmax over the block's streams), or a stream "
     "whose keys are asked"},
    {"heads", Kind::Size, "heads", "attention heads; they divide the features"},
    {"qkv_bias", Kind::Flag, "true", "of q, k and v"},
    {"proj_bias", Kind::Flag, "true", "of the projection behind it"},
    {"rope", Kind::Flag, "",
     "turn q and k; true where the spec has `rope`, "
     "but for another stream's keys"},
    {"project", Kind::Flag, "true", "false leaves the projection out"},
    {"name", Kind::Weight, "", "`attn`, and `cross_attn` of another stream"},
};
constexpr Key kMlpKeys[] = {
    {"mlp", Kind::Word, "gelu_tanh", "its activation", kActivations},
    {"kind", Kind::Word, "plain",
     "`plain`: two linears; `swiglu`: silu(first half) * second half between "
     "them",
     "plain swiglu"},
    {"hidden", Kind::Size, "",
     "features between its linears; in a block "
     "`mlp_ratio * width`, else `width`"},
    {"features", Kind::Size, "width", "of the result"},
    {"bias", Kind::Flag, "true", "of both linears"},
    {"name", Kind::Weights, "",
     "`[mlp.fc1, mlp.fc2]`, of swiglu `[mlp.w12, "
     "mlp.w3]`"},
};
constexpr Key kRopeKeys[] = {
    {"axes", Kind::Sizes, "",
     "features of a head that the row turns, and the "
     "column: half a head each",
     "", true},
    {"theta", Kind::Number, "10000", "the base of the frequencies"},
    {"spread", Kind::Sizes, "",
     "the grid whose positions are spread over this "
     "one; `position_grid`, else its own"},
    {"buffers", Kind::Names, "",
     "names under which a checkpoint may have the "
     "table, which is computed"},
};
constexpr Key kModulationKeys[] = {
    {"of", Kind::Name, "", "the condition that the rows are made of", "", true},
    {"rows", Kind::Names, "", "names of the rows, in the order of the weight",
     "", true},
    {"activation", Kind::Word, "silu", "before the linear", "silu none"},
    {"table", Kind::Weight, "",
     "a learned table (rows, width) is added to the "
     "condition, and there is no linear"},
    {"name", Kind::Weight, "adaLN_modulation.1", "of the linear"},
};
constexpr Key kGroupKeys[] = {
    {"repeat", Kind::Size, "1", "so many blocks; 0 is none"},
    {"name", Kind::Weight, "blocks.{i}",
     "what the weights' names begin with; "
     "{i} counts the blocks of this name"},
    {"use", Kind::Name, "", "a block of `define`, under the keys beside it"},
    {"streams", Kind::Names, "", "which streams go through it; the main one"},
    {"weights", Kind::Word, "each",
     "several streams have weights `each`, or "
     "share one set",
     "each shared"},
    {"modulation", Kind::Other, "", "a modulation or a list of them"},
    {"branches", Kind::Other, "", "the residual branches, one after the other",
     "", true},
    {"keep", Kind::Name, "", "keep the result, for a `skip`"},
    {"skip", Kind::Other, "", "begin with what was kept"},
    {"attention", Kind::Other, "", "defaults of this block's attentions"},
    {"mlp", Kind::Other, "", "defaults of this block's MLPs"},
    {"norm", Kind::Other, "", "defaults of this block's norms"},
};
constexpr Key kBranchKeys[] = {
    {"parallel", Kind::Other, "",
     "instead of the other keys: branches that all "
     "read the stream as it was, and are all "
     "added"},
    {"streams", Kind::Names, "", "which of the block's streams; all"},
    {"norm", Kind::Norm, "", "of what the branch reads"},
    {"scale", Kind::Name, "", "a row: the normed is times 1 + row"},
    {"shift", Kind::Name, "", "a row that is then added"},
    {"body", Kind::Steps, "", "what the branch computes", "", true},
    {"post_norm", Kind::Norm, "", "of the body's result"},
    {"gate", Kind::Name, "", "a row: the result is times it"},
    {"adds_to", Kind::Names, "",
     "streams that it is added to; of `joint`, the "
     "others give keys and values alone"},
};
constexpr Key kSkipKeys[] = {
    {"from", Kind::Name, "", "what a `keep` is called", "", true},
    {"order", Kind::Word, "last_first", "`last_first`, or the `same` each time",
     "last_first same"},
    {"norm", Kind::Norm, "", "of both, side by side"},
    {"name", Kind::Weight, "skip_linear", "of the linear that joins them"},
};
constexpr Key kFinalKeys[] = {
    {"of", Kind::Name, "", "the stream that becomes the picture; the main one"},
    {"take", Kind::Name, "", "the part of it, a stream that it is made of"},
    {"prefix", Kind::Other, "final_layer.", "of the names of its weights"},
    {"modulation", Kind::Other, "", "as a block's"},
    {"norm", Kind::Norm, "", "of the stream; named `norm_final`"},
    {"scale", Kind::Name, "", "as a branch's"},
    {"shift", Kind::Name, "", "as a branch's"},
    {"name", Kind::Weight, "linear", "of the linear to the patches"},
    {"bias", Kind::Flag, "true", "of the linear"},
    {"patches", Kind::Size, "patch_size", "the side of a patch"},
};
constexpr Key kLinearKeys[] = {
    {"linear", Kind::Size, "", "features of the result", "", true},
    {"bias", Kind::Flag, "true", "whether there is one"},
    {"weight", Kind::Word, "",
     "the checkpoint's shape: a `matrix`, or of "
     "patches a `convolution`, which is the default "
     "there",
     "matrix convolution"},
    {"name", Kind::Weight, "", "of its weights", "", true},
};
constexpr Key kLayerNormKeys[] = {
    {"layer_norm", Kind::Word, "", "with weights or without", "plain affine",
     true},
    {"eps", Kind::Number, "norm.eps", "added to the variance"},
    {"name", Kind::Weight, "", "of the weights"},
};
constexpr Key kRmsNormKeys[] = {
    {"rms_norm", Kind::Word, "", "with a weight or without", "plain affine",
     true},
    {"eps", Kind::Number, "norm.eps", "added to the mean square"},
    {"name", Kind::Weight, "", "of the weight"},
};
constexpr Key kSinusoidKeys[] = {
    {"sinusoid", Kind::Size, "", "features of the embedding, even", "", true},
    {"max_period", Kind::Number, "timestep.max_period", "the longest period"},
    {"spacing", Kind::Word, "half",
     "the frequencies' divisor: half the "
     "features, or one less as diffusers has it",
     "half half_minus_one"},
};
constexpr Key kTableKeys[] = {
    {"table", Kind::Size, "", "rows", "", true},
    {"features", Kind::Size, "width", "of a row"},
    {"name", Kind::Weight, "", "of the weight", "", true},
};
constexpr Key kPatchesKeys[] = {
    {"patches", Kind::Size, "", "the side of a patch", "", true},
};
constexpr Key kPositionKeys[] = {
    {"position", Kind::Word, "",
     "a table is added: the fixed sine-cosine one, "
     "a learned one, none, or what the key "
     "`position` says",
     "sincos learned none default", true},
    {"spread", Kind::Sizes, "",
     "of sincos: the grid whose positions are spread "
     "over this one; `position_grid`, else its own"},
    {"name", Kind::Weight, "pos_embed",
     "of a learned table; of a fixed one, "
     "the name that a checkpoint may have "
     "it under"},
};
constexpr Key kSideBySideKeys[] = {
    {"side_by_side", Kind::Other, "",
     "lists of steps, each from what stands "
     "here; the features of their results, "
     "one after the other",
     "", true},
};
constexpr Key kTakeKeys[] = {
    {"sum", Kind::Other, "", "a list of sources of one shape", "", true},
};
constexpr Key kJoinKeys[] = {
    {"side_by_side", Kind::Other, "",
     "a list of sources: the features of one "
     "after the other's",
     "", true},
};
constexpr Key kTokensKeys[] = {
    {"tokens", Kind::Other, "",
     "a list of sources: the tokens of one after the "
     "other's; a vector is one token",
     "", true},
};

constexpr KeyTable kSteps[] = {
    {"silu", {}, "x * sigmoid(x)"},
    {"gelu", {}, "with erf"},
    {"gelu_tanh", {}, "the published approximation"},
    {"linear", kLinearKeys, "a matmul with a weight, and a bias"},
    {"mlp", kMlpKeys, "a linear, an activation, a linear"},
    {"layer_norm", kLayerNormKeys, "of each token or vector"},
    {"rms_norm", kRmsNormKeys, "of each token or vector"},
    {"sinusoid", kSinusoidKeys, "of numbers: cosines, then sines"},
    {"table", kTableKeys, "of labels, or of whole numbers: a learned row"},
    {"patches", kPatchesKeys, "of x: tokens on a grid, row by row"},
    {"position", kPositionKeys, "of tokens on a grid"},
    {"attention", kAttentionKeys, "of tokens"},
    {"side_by_side", kSideBySideKeys, "of tokens or vectors"},
};
constexpr KeyTable kSources[] = {
    {"sum", kTakeKeys},
    {"side_by_side", kJoinKeys},
    {"tokens", kTokensKeys},
};

void printTable(llvm::raw_ostream &os, const KeyTable &table) {
  os << "| key | may be | default | meaning |\n|---|---|---|---|\n";
  for (const Key &key : table.keys) {
    constexpr llvm::StringLiteral kinds[] = {
        "SIZE",  "[SIZE, SIZE]", "NUMBER", "true, false",      "",
        "NAME",  "NAMES",        "WEIGHT", "[WEIGHT, WEIGHT]", "SOURCE",
        "CHAIN", "STEPS",        "NORM",   "see there"};
    os << "| `" << key.name << "` | ";
    if (key.kind == Kind::Word)
      llvm::interleaveComma(
          llvm::split(key.words, ' '), os,
          [&](llvm::StringRef word) { os << '`' << word << '`'; });
    else
      os << kinds[static_cast<size_t>(key.kind)];
    os << " | ";
    if (key.isRequired)
      os << "none";
    else if (!key.byDefault.empty())
      os << '`' << key.byDefault << '`';
    os << " | " << key.meaning << " |\n";
  }
  os << '\n';
}

} // namespace

namespace dit {
const KeyTable kInput{"an input", kInputKeys};
const KeyTable kNorm{"a norm", kNormKeys};
const KeyTable kAttention{"attention", kAttentionKeys};
const KeyTable kMlp{"mlp", kMlpKeys};
const KeyTable kRope{"rope", kRopeKeys};
const KeyTable kModulation{"a modulation", kModulationKeys};
const KeyTable kGroup{"a group of blocks", kGroupKeys};
const KeyTable kBranch{"a branch", kBranchKeys};
const KeyTable kSkip{"skip", kSkipKeys};
const KeyTable kFinal{"final", kFinalKeys};
} // namespace dit

const Key *KeyTable::find(llvm::StringRef name) const {
  for (const Key &key : keys)
    if (key.name == name)
      return &key;
  return nullptr;
}

void KeyTable::sort(YamlNode &mapping) const {
  llvm::sort(mapping.entries, [&](const YamlEntry &a, const YamlEntry &b) {
    return std::pair(find(a.key), a.key) < std::pair(find(b.key), b.key);
  });
}

llvm::ArrayRef<KeyTable> dit::stepTables() { return kSteps; }
llvm::ArrayRef<KeyTable> dit::sourceTables() { return kSources; }

const KeyTable *dit::findStep(llvm::StringRef op) {
  for (const KeyTable &table : kSteps)
    if (table.what == op)
      return &table;
  return nullptr;
}

void dit::printKeys(llvm::raw_ostream &os) {
  const KeyTable *tables[] = {&kInput, &kNorm,   &kRope, &kModulation,
                              &kGroup, &kBranch, &kSkip, &kFinal};
  for (const KeyTable *table : tables) {
    os << "### `" << table->what << "`\n\n";
    printTable(os, *table);
  }
  os << "### Sources\n\n";
  for (const KeyTable &table : kSources)
    printTable(os, table);
  os << "### Steps\n\n";
  for (const KeyTable &table : kSteps) {
    os << "`" << table.what << "`: " << table.meaning << "\n\n";
    if (!table.keys.empty())
      printTable(os, table);
  }
}
