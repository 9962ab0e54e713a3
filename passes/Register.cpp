// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registration, and the whole way from dit to planned as dit-opt takes it. What
// ditc runs is the target's list (compiler/Target.h).
#include "dialect/DiTDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Passes.h"

using namespace mlir;

namespace dit {
namespace {

struct Options : PassPipelineOptions<Options> {
  Option<std::string> dtype{
      *this, "dtype",
      llvm::cl::desc("what matmuls and attentions read: f32, bf16 or f16"),
      llvm::cl::init("f32")};
  ListOption<std::string> fuse{
      *this, "fuse", llvm::cl::desc("fusions to make; all by default")};
  Option<int64_t> panel{*this, "panel",
                        llvm::cl::desc("output features a panel"),
                        llvm::cl::init(48)};
  Option<bool> gateResidual{
      *this, "gate-residual",
      llvm::cl::desc("gate and residual in the linear's epilogue"),
      llvm::cl::init(false)};
  Option<bool> prologue{*this, "prologue",
                        llvm::cl::desc("norm and modulate in the linear's "
                                       "prologue"),
                        llvm::cl::init(false)};
};

void addStaging(OpPassManager &manager, const Options &options) {
  manager.addPass(createCSEPass());
  manager.addPass(createJoinLinears());
  if (options.dtype != "f32")
    manager.addPass(createLowerPrecision({options.dtype}));
  manager.addPass(createStage());
}

// Patch embedding and final layer first: they are the narrow patterns whose ops
// the wider ones would take. Then what joins a linear, then what joins rows.
void addFusion(OpPassManager &manager, const Options &options) {
  auto add = [&](StringRef name, std::unique_ptr<Pass> pass) {
    if (options.fuse.empty() || llvm::is_contained(options.fuse, name))
      manager.addPass(std::move(pass));
  };
  add("patch-embed", createFusePatchEmbed());
  add("final-layer", createFuseFinalLayer());
  if (options.prologue)
    add("linear-prologue", createFuseLinearPrologue());
  add("linear-epilogue",
      createFuseLinearEpilogue({options.gateResidual, /*library=*/false}));
  add("gated-residual", createFuseGatedResidual());
  add("adaln", createFuseAdaLN());
  add("conditioning", createFuseConditioning());
  add("cast", createFuseCast());
  manager.addPass(createVerifyRegions());
  manager.addPass(createWrapKernels());
}

void addPlanning(OpPassManager &manager, const Options &options) {
  manager.addPass(createPlanLayouts({options.panel}));
  manager.addPass(createPlanMemory());
}

} // namespace

void registerPasses() {
  registerDiTPasses();
  PassPipelineRegistration<Options>("dit-to-staged", "dit -> staged",
                                    addStaging);
  PassPipelineRegistration<Options>(
      "dit-to-fused", "dit -> staged -> fused",
      [](OpPassManager &manager, const Options &options) {
        addStaging(manager, options);
        addFusion(manager, options);
      });
  PassPipelineRegistration<Options>(
      "dit-to-planned", "dit -> staged -> fused -> planned",
      [](OpPassManager &manager, const Options &options) {
        addStaging(manager, options);
        addFusion(manager, options);
        addPlanning(manager, options);
      });
}

} // namespace dit
