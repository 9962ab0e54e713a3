// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registration, and the whole way from dit to each phase for dit-opt: the
// targets' own pipelines.
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Passes.h"
#include "passes/Pipelines.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace dit {
namespace {

struct Options : PassPipelineOptions<Options> {
  PipelineOptions defaults;
  Option<std::string> target{*this, "target", llvm::cl::desc("cpu or cuda"),
                             llvm::cl::init(defaults.target)};
  Option<std::string> dtype{
      *this, "dtype",
      llvm::cl::desc("what matmuls multiply: f32, bf16, or for cuda tf32"),
      llvm::cl::init(defaults.dtype)};
  Option<std::string> matmul{*this, "matmul",
                             llvm::cl::desc("cuda: generated or cublaslt"),
                             llvm::cl::init(defaults.matmul)};
  ListOption<std::string> fuse{
      *this, "fuse", llvm::cl::desc("fusions to make; all by default")};
  Option<int64_t> panel{*this, "panel",
                        llvm::cl::desc("cpu: output features a panel"),
                        llvm::cl::init(defaults.panel)};
};

/// The text of the phases up to `last`, parsed. Duplicates are merged first: a
/// module written by hand may compute a condition twice.
void add(OpPassManager &manager, const Options &options, StringRef last) {
  Pipelines own = pipelinesOf({.target = options.target,
                               .dtype = options.dtype,
                               .panel = options.panel,
                               .matmul = options.matmul});
  std::string fuse =
      options.fuse.empty() ? "all" : llvm::join(options.fuse, ",");
  auto fused = selectFusions(own.fused, fuse);
  if (!fused)
    llvm::reportFatalUsageError(fused.takeError());
  own.fused = *fused;
  manager.addPass(createCSEPass());
  for (StringRef phase : {"staged", "fused", "planned"}) {
    if (failed(parsePassPipeline(*own.find(phase), manager)))
      llvm::report_fatal_error("a pipeline of Pipelines.cpp does not parse");
    if (phase == last)
      return;
  }
}

} // namespace

void registerPasses() {
  registerDiTPasses();
  for (StringRef phase : {"staged", "fused", "planned"}) {
    static llvm::SmallVector<std::string> names;
    PassPipelineRegistration<Options>(
        names.emplace_back("dit-to-" + phase.str()),
        "from phase dit to " + phase.str(),
        [phase](OpPassManager &manager, const Options &options) {
          add(manager, options, phase);
        });
  }
}

} // namespace dit
