// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// FuseGatedResidual: gate + residual add + the next norm + modulate in one row
// region.
#include "passes/Passes.h"
#include "passes/Region.h"

using namespace mlir;

namespace dit {
#define GEN_PASS_DEF_FUSEGATEDRESIDUAL
#include "passes/Passes.h.inc"

namespace {

constexpr StringLiteral kPass = "fuse-gated-residual";

/// The unit of the gate that feeds `add`, null where there is none to join.
Operation *gateUnit(AddOp add) {
  for (Value operand : add->getOperands())
    if (auto gate = definerOf<GateOp>(operand))
      if (Operation *unit = rowUnitFor(add, gate.getResult(), "gate", kPass))
        return unit;
  return nullptr;
}

/// The norm that reads the sum, null where there is none to join.
Operation *nextNorm(AddOp add) {
  SmallVector<Operation *> norms;
  for (Operation *user : usersOf(add.getResult()))
    if (isNorm(user) && definerOf(user->getOperand(0)) == add)
      norms.push_back(user);
  if (norms.size() > 1)
    remarkMissed(add, kPass, Twine(norms.size()) + " norms read the sum");
  if (norms.size() != 1)
    return nullptr;
  if (isRowUnit(unitOf(norms[0])))
    return norms[0];
  remarkMissed(add, kPass,
               "the norm that reads the sum is fused with a linear");
  return nullptr;
}

void fuseGatedResidual(RewriterBase &rewriter, AddOp add) {
  // A table that is the same for every sample is no residual.
  if (add.getLhs().getType() != add.getRhs().getType() ||
      !isRowUnit(unitOf(add)))
    return;
  SmallVector<Operation *> units = {unitOf(add)};
  if (Operation *gate = gateUnit(add))
    units.push_back(gate);
  if (Operation *norm = nextNorm(add)) {
    units.push_back(unitOf(norm));
    SmallVector<Operation *> users = usersOf(norm->getResult(0));
    if (users.size() == 1 && isa<ModulateOp>(users[0]) &&
        isRowUnit(unitOf(users[0])))
      units.push_back(unitOf(users[0]));
    else if (llvm::any_of(users, llvm::IsaPred<ModulateOp>))
      remarkMissed(add, kPass, "the norm has a second user");
  }
  fuseWithRemark(rewriter, KernelKind::Row, units, add, kPass);
}

struct FuseGatedResidual : impl::FuseGatedResidualBase<FuseGatedResidual> {
  void runOnOperation() override {
    forEach<AddOp>(getOperation(), fuseGatedResidual);
  }
};

} // namespace
} // namespace dit
