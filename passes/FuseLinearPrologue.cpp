// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// FuseLinearPrologue: norm + modulate (+ cast) in front of the linear that
// reads them, in one linear region.
#include "passes/Cost.h"
#include "passes/Passes.h"
#include "passes/Region.h"

using namespace mlir;

namespace dit {
#define GEN_PASS_DEF_FUSELINEARPROLOGUE
#include "passes/Passes.h.inc"

namespace {

constexpr StringLiteral kPass = "fuse-linear-prologue";

/// The norm that makes the linear's x, what modulates it, and the cast of
/// either, last first; empty where no norm does.
SmallVector<Operation *> prologueOf(LinearOp linear) {
  SmallVector<Operation *> ops;
  Operation *op = definerOf(linear.getX());
  auto take = [&](bool isNext) {
    if (isNext)
      ops.push_back(op), op = definerOf(op->getOperand(0));
    return isNext;
  };
  take(isa_and_nonnull<CastOp>(op));
  take(isa_and_nonnull<ModulateOp>(op));
  return take(isNorm(op)) ? ops : SmallVector<Operation *>();
}

struct FuseLinearPrologue : impl::FuseLinearPrologueBase<FuseLinearPrologue> {
  void fusePrologue(RewriterBase &rewriter, LinearOp linear) {
    SmallVector<Operation *> prologue = prologueOf(linear);
    if (prologue.empty() || unitOf(prologue.front()) == unitOf(linear))
      return;
    if (linear.isByCublasLt())
      return remarkMissed(linear, kPass, "cuBLASLt reads its x from memory");
    for (const std::string &fault :
         {keepingFault(linear), waitingFault(linear)})
      if (!fault.empty())
        return remarkMissed(linear, kPass, fault);
    SmallVector<Operation *> units = {unitOf(linear)};
    for (Operation *op : prologue) {
      if (usersOf(op->getResult(0)).size() != 1)
        return remarkMissed(linear, kPass,
                            "what makes the linear's x has a second user");
      for (Operation *other : opsOf(unitOf(op)))
        if (!llvm::is_contained(prologue, other))
          return remarkMissed(linear, kPass,
                              "the norm is fused with other ops already");
      units.push_back(unitOf(op));
    }
    fuseWithRemark(rewriter, KernelKind::Linear, units, linear, kPass);
  }

  void runOnOperation() override {
    forEach<LinearOp>(getOperation(), [&](RewriterBase &rewriter, LinearOp op) {
      fusePrologue(rewriter, op);
    });
  }
};

} // namespace
} // namespace dit
