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
dit::selectFusions(std::vector<PassUse> uses, StringRef fuse) {
  llvm::SmallVector<StringRef> wanted;
  if (fuse != "all" && fuse != "none")
    fuse.split(wanted, ',', -1, /*KeepEmpty=*/false);
  llvm::SmallVector<StringRef> known;
  for (const PassUse &use : uses)
    if (!use.fusion.empty())
      known.push_back(use.fusion);
  for (StringRef name : wanted)
    if (!llvm::is_contained(known, name))
      return llvm::createStringError("--fuse must be all, none or a list of " +
                                     llvm::join(known, ", ") + ", but found '" +
                                     name + "'");
  if (fuse != "all")
    llvm::erase_if(uses, [&](const PassUse &use) {
      return !use.fusion.empty() && !llvm::is_contained(wanted, use.fusion);
    });
  return uses;
}

llvm::Expected<std::unique_ptr<Target>>
dit::makeTarget(const TargetOptions &options) {
  if (options.target == "cpu")
    return makeCpuTarget(options);
  if (options.target == "cuda")
    return makeCudaTarget(options);
  return llvm::createStringError("--target must be cpu or cuda, but found '" +
                                 options.target + "'");
}
