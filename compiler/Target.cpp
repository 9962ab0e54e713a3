// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Choice of the target and of the fusion passes.
#include "compiler/Target.h"

#include "llvm/ADT/StringExtras.h"

using namespace dit;
using llvm::StringRef;

PassUse PassUse::fuse(StringRef name, StringRef options) {
  PassUse use(("dit-fuse-" + name).str(), options);
  use.fusion = name;
  return use;
}

llvm::Expected<std::vector<PassUse>>
dit::selectFusions(std::vector<PassUse> uses, StringRef fuse,
                   const std::vector<PassUse> &known) {
  llvm::SmallVector<StringRef> wanted;
  if (fuse != "all" && fuse != "none")
    fuse.split(wanted, ',', -1, /*KeepEmpty=*/false);
  llvm::SmallVector<StringRef> names;
  for (const PassUse &use : known)
    if (!use.fusion.empty())
      names.push_back(use.fusion);
  for (StringRef name : wanted)
    if (!llvm::is_contained(names, name))
      return llvm::createStringError("--fuse must be all, none or a list of " +
                                     llvm::join(names, ", ") + ", but found '" +
                                     name + "'");
  if (fuse != "all")
    llvm::erase_if(uses, [&](const PassUse &use) {
      return !use.fusion.empty() && !llvm::is_contained(wanted, use.fusion);
    });
  return uses;
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
