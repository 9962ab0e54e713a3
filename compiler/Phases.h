// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The phases of a compilation, in one table that drives --emit, --dump-phases,
// the help text and the checks at each phase's end.
#ifndef DIT_COMPILER_PHASES_H
#define DIT_COMPILER_PHASES_H

#include "mlir/IR/BuiltinOps.h"
#include <optional>

namespace dit {

struct Spec;

enum class Phase { Spec, Dit, Staged, Fused, Planned, Target, Artifact };

struct PhaseInfo {
  Phase phase;
  llvm::StringLiteral name;
  llvm::StringLiteral file;     ///< what --dump-phases calls it
  llvm::StringLiteral sentence; ///< what holds at its end
  /// Diagnoses what does not hold; null for phases that are no dit IR.
  mlir::LogicalResult (*contract)(mlir::ModuleOp);
};

/// All phases, in order.
llvm::ArrayRef<PhaseInfo> phases();
const PhaseInfo &infoOf(Phase phase);
std::optional<Phase> findPhase(llvm::StringRef name);

/// The phase that `module` says it has reached (`dit.phase`). Diagnoses a
/// module without one, and one that does not keep that phase's contract.
mlir::FailureOr<Phase> phaseOf(mlir::ModuleOp module);

// The contracts, one a phase of dit IR; dialect/README.md in code.
mlir::LogicalResult checkDit(mlir::ModuleOp module);
mlir::LogicalResult checkStaged(mlir::ModuleOp module);
mlir::LogicalResult checkFused(mlir::ModuleOp module);
mlir::LogicalResult checkPlanned(mlir::ModuleOp module);
/// The part of checkPlanned that says where values lie: each in the memory that
/// its function asks for, and what a function returns where the caller wants
/// it.
mlir::LogicalResult checkMemory(mlir::ModuleOp module);

/// What an artifact's functions read and write is what its manifest, which is
/// made of the spec, says of them. Of a planned module.
mlir::LogicalResult checkInterface(mlir::ModuleOp module, const Spec &spec);

} // namespace dit

#endif // DIT_COMPILER_PHASES_H
