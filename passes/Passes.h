// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Creation and registration of the passes declared in Passes.td, and the order
// they are meant to run in.
#ifndef DIT_PASSES_PASSES_H
#define DIT_PASSES_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace dit {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Passes.h.inc"

/// What a target chooses about the passes.
struct PassChoices {
  /// Names of fusion passes, as fusionNames() lists them, or "all"; "none" and
  /// other names choose nothing.
  std::vector<std::string> fuse = {"all"};
  /// Output features a panel of a packed weight.
  int64_t panel = 48;
  /// Gate and residual in the epilogue of the linear before them.
  bool gateResidual = false;
};

/// The fusion passes by the names that `--fuse=` takes, in the order they run:
/// "patch-embed", "final-layer", "linear-epilogue", ...
llvm::ArrayRef<llvm::StringLiteral> fusionNames();

/// dit -> staged: CSE, JoinLinears, Stage.
void addStaging(mlir::OpPassManager &manager);
/// staged -> fused: the chosen fusions in the order of fusionNames(), whatever
/// order they are chosen in, then WrapKernels and VerifyRegions.
void addFusion(mlir::OpPassManager &manager, const PassChoices &choices);
/// fused -> planned: PlanLayouts, PlanMemory.
void addPlanning(mlir::OpPassManager &manager, const PassChoices &choices);

/// Registers the passes and the pipelines `dit-to-staged`, `dit-to-fused{fuse=}`
/// and `dit-to-planned{fuse= panel= gate-residual=}`, each from phase `dit` on.
void registerPasses();

} // namespace dit

#endif // DIT_PASSES_PASSES_H
