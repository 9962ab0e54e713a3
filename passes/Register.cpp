// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The order the passes run in, and their registration for dit-opt.
#include "dialect/DiTDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Passes.h"

using namespace mlir;

namespace dit {

// Patch embedding and final layer first: they are the narrow patterns whose ops
// the wider ones would take. Then what joins a linear, then what joins rows.
static constexpr StringLiteral kFusions[] = {"patch-embed",    "final-layer", "linear-epilogue",
                                             "gated-residual", "adaln",       "conditioning"};

ArrayRef<StringLiteral> fusionNames() { return kFusions; }

static std::unique_ptr<Pass> createFusion(StringRef name, const PassChoices &choices) {
  if (name == "patch-embed")
    return createFusePatchEmbed();
  if (name == "final-layer")
    return createFuseFinalLayer();
  if (name == "linear-epilogue")
    return createFuseLinearEpilogue({choices.gateResidual});
  if (name == "gated-residual")
    return createFuseGatedResidual();
  if (name == "adaln")
    return createFuseAdaLN();
  assert(name == "conditioning");
  return createFuseConditioning();
}

void addStaging(OpPassManager &manager) {
  manager.addPass(createCSEPass());
  manager.addPass(createJoinLinears());
  manager.addPass(createStage());
}

void addFusion(OpPassManager &manager, const PassChoices &choices) {
  for (StringRef name : kFusions)
    if (llvm::is_contained(choices.fuse, name) || llvm::is_contained(choices.fuse, "all"))
      manager.addPass(createFusion(name, choices));
  manager.addPass(createWrapKernels());
  manager.addPass(createVerifyRegions());
}

void addPlanning(OpPassManager &manager, const PassChoices &choices) {
  manager.addPass(createPlanLayouts({choices.panel}));
  manager.addPass(createPlanMemory());
}

namespace {

struct PipelineOptions : PassPipelineOptions<PipelineOptions> {
  ListOption<std::string> fuse{*this, "fuse", llvm::cl::desc("fusions to run; all by default")};
  Option<int64_t> panel{*this, "panel", llvm::cl::desc("output features a panel"),
                        llvm::cl::init(48)};
  Option<bool> gateResidual{*this, "gate-residual",
                            llvm::cl::desc("gate and residual in the linear's epilogue"),
                            llvm::cl::init(false)};

  PassChoices choices() const {
    PassChoices choices;
    if (!fuse.empty())
      choices.fuse = {fuse.begin(), fuse.end()};
    choices.panel = panel;
    choices.gateResidual = gateResidual;
    return choices;
  }
};

} // namespace

void registerPasses() {
  registerDiTPasses();
  PassPipelineRegistration<>("dit-to-staged", "dit -> staged", addStaging);
  PassPipelineRegistration<PipelineOptions>(
      "dit-to-fused", "dit -> staged -> fused",
      [](OpPassManager &manager, const PipelineOptions &options) {
        addStaging(manager);
        addFusion(manager, options.choices());
      });
  PassPipelineRegistration<PipelineOptions>(
      "dit-to-planned", "dit -> staged -> fused -> planned",
      [](OpPassManager &manager, const PipelineOptions &options) {
        addStaging(manager);
        addFusion(manager, options.choices());
        addPlanning(manager, options.choices());
      });
}

} // namespace dit
