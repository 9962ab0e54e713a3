// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The targets' pipelines. A pass is added here, and nowhere else.
#include "passes/Pipelines.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace dit;
using llvm::StringRef;

static constexpr llvm::StringLiteral kFusion = "dit-fuse-";

/// The passes in the order they run; an empty one is none.
static std::string inOrder(llvm::SmallVector<std::string> passes) {
  llvm::erase(passes, "");
  return llvm::join(passes, ",");
}

/// `dit-choose-matmuls{multiply=bf16 group=2}`, without what is empty.
static std::string chooseMatmuls(llvm::SmallVector<std::string> options) {
  llvm::erase(options, "");
  return "dit-choose-matmuls{" + llvm::join(options, " ") + "}";
}

/// The layouts, and how linears are multiplied that say nothing until here, as
/// in IR written by hand: what such linears round to bf16 are their types.
static std::string planned(const PipelineOptions &options, int64_t panel,
                           StringRef group = "") {
  std::string multiply = options.dtype == "tf32" ? "multiply=tf32" : "";
  return inOrder(
      {chooseMatmuls({multiply, "panel=" + std::to_string(panel), group.str()}),
       "dit-plan-layouts", "dit-plan-memory"});
}

/// Patch embedding and final layer come first: they are narrow patterns whose
/// ops the wider ones would take. Row kernels stand between the linears, and
/// last each value is rounded where it is made.
static Pipelines cpuPipelines(const PipelineOptions &options) {
  bool isRounded = options.dtype == "bf16";
  // AVX512_BF16 multiplies pairs.
  std::string group = isRounded ? "group=2" : "";
  return {
      .staged = inOrder({"dit-join-linears",
                         chooseMatmuls({"multiply=" + options.dtype, group}),
                         isRounded ? "dit-lower-precision{pairs=true}" : "",
                         "dit-stage"}),
      .fused = inOrder({"dit-fuse-patch-embed", "dit-fuse-final-layer",
                        "dit-fuse-conditioning", "dit-fuse-gated-residual",
                        "dit-fuse-adaln", "dit-fuse-linear-epilogue",
                        "dit-fuse-rows", "dit-fuse-cast", "dit-verify-regions",
                        "dit-wrap-kernels"}),
      .planned = planned(options, options.panel, group),
  };
}

/// Own matmuls take the rows before them and the ops behind them, so that a
/// block is linears and attention alone; cuBLASLt's take what it offers, and
/// row kernels do the rest in between.
static Pipelines cudaPipelines(const PipelineOptions &options) {
  return {
      // tf32 is how f32 values are multiplied, not what they are.
      .staged = inOrder(
          {"dit-join-linears",
           chooseMatmuls({"multiply=" + options.dtype, "by=" + options.matmul}),
           options.dtype == "bf16" ? "dit-lower-precision" : "", "dit-stage"}),
      .fused =
          inOrder({"dit-fuse-patch-embed", "dit-fuse-final-layer",
                   "dit-fuse-conditioning", "dit-fuse-linear-prologue",
                   "dit-fuse-linear-epilogue{gate-residual=true}",
                   "dit-fuse-gated-residual", "dit-fuse-adaln", "dit-fuse-rows",
                   "dit-fuse-cast", "dit-verify-regions", "dit-wrap-kernels"}),
      // Panels of one feature: weights stay row-major (M, K).
      .planned = planned(options, 1),
  };
}

std::string *Pipelines::find(StringRef phase) {
  return const_cast<std::string *>(std::as_const(*this).find(phase));
}

const std::string *Pipelines::find(StringRef phase) const {
  return phase == "staged"    ? &staged
         : phase == "fused"   ? &fused
         : phase == "planned" ? &planned
                              : nullptr;
}

Pipelines dit::pipelinesOf(const PipelineOptions &options) {
  return options.target == "cuda" ? cudaPipelines(options)
                                  : cpuPipelines(options);
}

llvm::SmallVector<StringRef> dit::passesOf(StringRef pipeline) {
  llvm::SmallVector<StringRef> passes;
  int depth = 0;
  size_t start = 0;
  for (size_t i = 0; i <= pipeline.size(); ++i) {
    char c = i < pipeline.size() ? pipeline[i] : ',';
    depth += StringRef("{(").contains(c) - StringRef("})").contains(c);
    if (c != ',' || (depth > 0 && i < pipeline.size()))
      continue;
    if (StringRef pass = pipeline.slice(start, i).trim(); !pass.empty())
      passes.push_back(pass);
    start = i + 1;
  }
  return passes;
}

/// The name that --fuse has for `pass`; empty for one that always runs.
static StringRef fusionOf(StringRef pass) {
  return pass.consume_front(kFusion) ? pass.split('{').first : StringRef();
}

llvm::SmallVector<StringRef> dit::fusionsOf(StringRef pipeline) {
  llvm::SmallVector<StringRef> names;
  for (StringRef pass : passesOf(pipeline))
    if (StringRef name = fusionOf(pass); !name.empty())
      names.push_back(name);
  return names;
}

llvm::Expected<std::string> dit::selectFusions(StringRef pipeline,
                                               StringRef fuse) {
  if (fuse == "all")
    return pipeline.str();
  llvm::SmallVector<StringRef> wanted, known = fusionsOf(pipeline);
  if (fuse != "none")
    fuse.split(wanted, ',', -1, /*KeepEmpty=*/false);
  for (StringRef name : wanted)
    if (!llvm::is_contained(known, name))
      return llvm::createStringError("--fuse must be all, none or a list of " +
                                     llvm::join(known, ", ") + ", but found '" +
                                     name + "'");
  llvm::SmallVector<std::string> passes;
  for (StringRef pass : passesOf(pipeline)) {
    StringRef fusion = fusionOf(pass);
    if (fusion.empty() || llvm::is_contained(wanted, fusion))
      passes.push_back(pass.str());
  }
  return inOrder(std::move(passes));
}
