// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Choice of the target and of its passes.
#include "compiler/Target.h"

#include "compiler/RunPasses.h"
#include "llvm/ADT/StringExtras.h"

using namespace dit;
using llvm::StringRef;

/// What is wrong with `use`, PHASE=PIPELINE of --passes; else puts the pipeline
/// where it belongs.
static llvm::Error replacePasses(Pipelines &pipelines, StringRef use,
                                 const TargetOptions &options) {
  auto [phase, pipeline] = use.split('=');
  std::string *replaced = pipelines.find(phase);
  if (!replaced)
    return llvm::createStringError(
        "--passes must be PHASE=PIPELINE with the phase staged, fused or "
        "planned, but found '" +
        use + "'");
  if (phase == "fused" && options.fuse != "all")
    return llvm::createStringError("--fuse=" + options.fuse +
                                   " chooses among the fusions that "
                                   "--passes=fused=... replaces");
  if (llvm::Error error = checkPipeline(pipeline))
    return llvm::createStringError("--passes=" + phase +
                                   "=: " + llvm::toString(std::move(error)));
  *replaced = pipeline;
  return llvm::Error::success();
}

llvm::Expected<Pipelines> dit::choosePasses(Pipelines own,
                                            const TargetOptions &options) {
  auto fused = selectFusions(own.fused, options.fuse);
  if (!fused)
    return fused.takeError();
  own.fused = std::move(*fused);
  for (const std::string &use : options.passes)
    if (llvm::Error error = replacePasses(own, use, options))
      return error;
  return own;
}

llvm::Expected<std::vector<std::unique_ptr<Target>>>
dit::makeTargets(const TargetOptions &options) {
  // A CPU's --arch is no list.
  llvm::SmallVector<StringRef> archs{options.arch}, matmuls{options.matmul};
  if (options.target == "cuda") {
    archs.clear();
    StringRef(options.arch).split(archs, ',');
    if (options.matmul == "both")
      matmuls = {"generated", "cublaslt"};
  }
  std::vector<std::unique_ptr<Target>> targets;
  for (auto [i, arch] : llvm::enumerate(archs)) {
    if (llvm::is_contained(llvm::ArrayRef(archs).take_front(i), arch))
      return llvm::createStringError("--arch names " + arch + " twice");
    for (StringRef matmul : matmuls) {
      TargetOptions one = options;
      one.arch = arch, one.matmul = matmul;
      auto target = makeTarget(one);
      if (!target)
        return target.takeError();
      targets.push_back(std::move(*target));
    }
  }
  return targets;
}

llvm::Error dit::diagnosed() { return llvm::createStringError(""); }

llvm::Expected<std::unique_ptr<Target>>
dit::makeTarget(const TargetOptions &options) {
  if (options.target == "cpu")
    return makeCpuTarget(options);
  if (options.target == "cuda")
    return makeCudaTarget(options);
  return llvm::createStringError("--target must be cpu or cuda, but found '" +
                                 options.target + "'");
}
