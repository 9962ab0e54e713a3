// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// FuseLinearEpilogue: elementwise ops join the linear whose result they read.
#include "dialect/Matmul.h"
#include "passes/Grammar.h"
#include "passes/Passes.h"
#include "passes/Region.h"

using namespace mlir;

namespace dit {
#define GEN_PASS_DEF_FUSELINEAREPILOGUE
#include "passes/Passes.h.inc"

namespace {

constexpr StringLiteral kPass = "fuse-linear-epilogue";

struct FuseLinearEpilogue : impl::FuseLinearEpilogueBase<FuseLinearEpilogue> {
  using FuseLinearEpilogueBase::FuseLinearEpilogueBase;

  /// Whether this pass wants `op` behind the linear that computes `value`.
  bool wants(LinearOp linear, Operation *op, Value value) {
    if (!isEpilogueOp(op))
      return false;
    Operation *maker = definerOf(value);
    if (linear.isByCublasLt())
      return isCublasLtEpilogue(op, maker);
    if (isa<RotateOp>(op))
      return maker == linear && definerOf(op->getOperand(0)) == maker;
    if (auto gate = dyn_cast<GateOp>(op))
      return gateResidual && definerOf(gate.getX()) == maker &&
             definerOf(gate.getGate()) != maker;
    if (isa<AddOp>(op))
      return gateResidual &&
             op->getOperand(0).getType() == op->getOperand(1).getType();
    return !isa<MulOp>(op) ||
           op->getOperand(0).getType() == op->getOperand(1).getType() ||
           definerOf(op->getOperand(0)) == maker;
  }

  /// The op to join behind `last`, null where there is none.
  Operation *nextOp(LinearOp linear, Operation *last, Operation *unit) {
    if (isa<UnpatchifyOp>(last)) // pixels, no longer features of a token
      return nullptr;
    SmallVector<Operation *> users = usersOf(last->getResult(0));
    auto wanted = llvm::find_if(users, [&](Operation *user) {
      return wants(linear, user, last->getResult(0));
    });
    if (wanted == users.end() || unitOf(*wanted) == unit)
      return nullptr;
    if (users.size() > 1)
      remarkMissed(*wanted, kPass, "the linear's result has a second user");
    else if (unitOf(*wanted) != *wanted && opsOf(unitOf(*wanted)).size() > 1)
      remarkMissed(*wanted, kPass, "it is fused with other ops already");
    else if (isa<AddOp, MulOp>(*wanted) &&
             definerOf((*wanted)->getOperand(0)) ==
                 definerOf((*wanted)->getOperand(1)))
      remarkMissed(*wanted, kPass, "both operands are the linear's result");
    else
      return *wanted;
    return nullptr;
  }

  void fuseEpilogue(RewriterBase &rewriter, LinearOp linear) {
    bool joined = false;
    while (true) {
      Operation *unit = unitOf(linear), *last = opsOf(unit).back();
      Operation *next = nextOp(linear, last, unit);
      if (!next)
        break;
      if (failed(fuse(rewriter, KernelKind::Linear, {unit, unitOf(next)}))) {
        remarkMissed(next, kPass, "another kernel must run between them");
        break;
      }
      joined = true;
    }
    if (auto fused = dyn_cast<FusedOp>(unitOf(linear)); fused && joined)
      remarkFused(fused, kPass, listOps(fused));
  }

  void runOnOperation() override {
    forEach<LinearOp>(getOperation(), [&](RewriterBase &rewriter, LinearOp op) {
      fuseEpilogue(rewriter, op);
    });
  }
};

} // namespace
} // namespace dit
