// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table. Which passes lead to a phase is the target's: Target.h.
#include "compiler/Phases.h"

#include "dialect/DiTDialect.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace dit;

static constexpr PhaseInfo kPhases[] = {
    {Phase::Spec, "spec", "spec.yaml",
     "the YAML, with every default and design written out", nullptr},
    {Phase::Dit, "dit", "dit.mlir",
     "the paper's network as one function @denoise", checkDit},
    {Phase::Staged, "staged", "staged.mlir",
     "@prepare, @condition and @denoise: each does what its inputs change",
     checkStaged},
    {Phase::Fused, "fused", "fused.mlir",
     "every op is a view or inside one kernel's region", checkFused},
    {Phase::Planned, "planned", "planned.mlir",
     "every value between kernels has its place in memory", checkPlanned},
    {Phase::Target, "target", "target.ll", "the target's own code", nullptr},
    {Phase::Artifact, "artifact", "", "the shared library", nullptr},
};

ArrayRef<PhaseInfo> dit::phases() { return kPhases; }

const PhaseInfo &dit::infoOf(Phase phase) {
  return kPhases[static_cast<size_t>(phase)];
}

std::optional<Phase> dit::findPhase(StringRef name) {
  for (const PhaseInfo &info : kPhases)
    if (info.name == name)
      return info.phase;
  return std::nullopt;
}

FailureOr<Phase> dit::phaseOf(ModuleOp module) {
  auto name = module->getAttrOfType<StringAttr>(kPhaseAttr);
  if (!name)
    return module.emitError()
           << "the module must say which phase it has reached, in "
           << kPhaseAttr;
  std::optional<Phase> phase = findPhase(name);
  if (!phase || !infoOf(*phase).contract)
    return module.emitError()
           << kPhaseAttr << " must be dit, staged, fused or planned, but is '"
           << name.getValue() << "'";
  if (failed(infoOf(*phase).contract(module)))
    return failure();
  return *phase;
}
