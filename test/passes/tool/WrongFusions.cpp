// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Six fusion passes that are wrong on purpose, one classic mistake each. They
// draw legal regions, so that only a comparison of results can catch them: it
// is the comparison that is tested.
#include "test/passes/tool/WrongFusions.h"
#include "passes/Region.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace dit;

namespace {

/// A pass that calls `Fuse` on every op of one kind.
template <typename OpTy, void (*Fuse)(RewriterBase &, OpTy)>
struct WrongFusion
    : PassWrapper<WrongFusion<OpTy, Fuse>, OperationPass<ModuleOp>> {
  WrongFusion(StringRef flag, StringRef mistake)
      : flag(flag), mistake(mistake) {}

  StringRef getArgument() const override { return flag; }
  StringRef getDescription() const override { return mistake; }

  void runOnOperation() override {
    SmallVector<OpTy> ops;
    this->getOperation().walk([&](OpTy op) { ops.push_back(op); });
    IRRewriter rewriter(&this->getContext());
    for (OpTy op : ops) {
      rewriter.setInsertionPoint(op);
      Fuse(rewriter, op);
    }
  }

  StringRef flag, mistake;
};

/// x + branch, where x + gate * branch stood.
void dropGate(RewriterBase &rewriter, GateOp gate) {
  auto add = dyn_cast<AddOp>(*gate->user_begin());
  rewriter.replaceOp(gate, gate.getX());
  if (add)
    (void)fuse(rewriter, KernelKind::Row, {add});
}

/// norm(x) * (1 + shift) + scale.
void swapShiftAndScale(RewriterBase &rewriter, ModulateOp modulate) {
  Value shift = modulate.getShift(), scale = modulate.getScale();
  modulate.getShiftMutable().set(scale);
  modulate.getScaleMutable().set(shift);
  (void)fuse(rewriter, KernelKind::Row,
             {modulate.getX().getDefiningOp(), modulate});
}

/// The region of norm + modulate takes the sum before it in and yields only its
/// last value: whoever else read the sum reads that.
void ignoreSecondUser(RewriterBase &rewriter, ModulateOp modulate) {
  Operation *norm = modulate.getX().getDefiningOp();
  auto add = norm->getOperand(0).getDefiningOp<AddOp>();
  if (!add || add->hasOneUse())
    return;
  rewriter.replaceUsesWithIf(add.getResult(), modulate.getResult(),
                             [&](OpOperand &use) {
                               return use.getOwner() != norm &&
                                      modulate->isBeforeInBlock(use.getOwner());
                             });
  (void)fuse(rewriter, KernelKind::Row, {add, norm, modulate});
}

/// Every token gets the first row of the table (T, D).
void broadcastFirstRow(RewriterBase &rewriter, AddOp add) {
  auto type = cast<RankedTensorType>(add.getRhs().getType());
  if (type == add.getLhs().getType() || type.getRank() != 2)
    return;
  auto rowType = type.clone({1, type.getDimSize(1)});
  Value row =
      SliceOp::create(rewriter, add.getLoc(), rowType, add.getRhs(), 0, 0);
  SmallVector<Value> rows(type.getDimSize(0), row);
  Value table = ConcatOp::create(rewriter, add.getLoc(), type, rows, 0);
  add.getRhsMutable().set(table);
}

/// norm(modulate(x)).
void modulateBeforeNorm(RewriterBase &rewriter, ModulateOp modulate) {
  Operation *norm = modulate.getX().getDefiningOp();
  IRMapping map;
  map.map(modulate.getX(), norm->getOperand(0));
  Operation *first = rewriter.clone(*modulate, map);
  map.map(norm->getOperand(0), first->getResult(0));
  Operation *second = rewriter.clone(*norm, map);
  rewriter.replaceOp(modulate, second);
  rewriter.eraseOp(norm);
  (void)fuse(rewriter, KernelKind::Row, {first, second});
}

/// The residual stream in bfloat16: each sum is rounded where it is made.
void roundStream(RewriterBase &rewriter, AddOp add) {
  auto type = cast<RankedTensorType>(add.getType());
  if (add.getRhs().getType() != type || type.getRank() != 3)
    return;
  rewriter.setInsertionPointAfter(add);
  auto rounded = CastOp::create(rewriter, add.getLoc(),
                                type.clone(rewriter.getBF16Type()), add);
  auto back = CastOp::create(rewriter, add.getLoc(), type, rounded);
  rewriter.replaceAllUsesExcept(add, back, rounded);
  (void)fuse(rewriter, KernelKind::Row, {add, rounded, back});
}

template <typename OpTy, void (*Fuse)(RewriterBase &, OpTy)>
void add(StringRef flag, StringRef mistake) {
  registerPass(
      [=] { return std::make_unique<WrongFusion<OpTy, Fuse>>(flag, mistake); });
}

} // namespace

void dit::test::registerWrongFusions() {
  add<GateOp, dropGate>("wrong-drop-gate", "drops the gate of a branch");
  add<ModulateOp, swapShiftAndScale>("wrong-swap-shift-scale",
                                     "swaps shift and scale");
  add<ModulateOp, ignoreSecondUser>("wrong-second-user",
                                    "ignores the second user of a sum");
  add<AddOp, broadcastFirstRow>("wrong-broadcast",
                                "adds the first token's position to all");
  add<ModulateOp, modulateBeforeNorm>("wrong-order",
                                      "modulates before the norm");
  add<AddOp, roundStream>("wrong-round-stream", "rounds the residual stream");
}
