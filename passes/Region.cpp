// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Drawing and dissolving dit.fused.
#include "passes/Region.h"
#include "passes/Grammar.h"
#include "passes/Phase.h"

#include "mlir/IR/Remarks.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace dit {

Operation *definerOf(Value value) {
  while (true) {
    if (auto fused = value.getDefiningOp<FusedOp>()) {
      auto yield = cast<YieldOp>(fused.getBody().front().getTerminator());
      value = yield.getValues()[cast<OpResult>(value).getResultNumber()];
      continue;
    }
    auto arg = dyn_cast<BlockArgument>(value);
    auto fused = arg ? dyn_cast_or_null<FusedOp>(arg.getOwner()->getParentOp())
                     : FusedOp();
    if (!fused)
      return value.getDefiningOp();
    value = fused.getInputs()[arg.getArgNumber()];
  }
}

static void collectUsers(Value value, SetVector<Operation *> &users) {
  for (OpOperand &use : value.getUses()) {
    Operation *owner = use.getOwner();
    if (auto fused = dyn_cast<FusedOp>(owner))
      collectUsers(fused.getBody().getArgument(use.getOperandNumber()), users);
    else if (auto yield = dyn_cast<YieldOp>(owner))
      collectUsers(yield->getParentOp()->getResult(use.getOperandNumber()),
                   users);
    else
      users.insert(owner);
  }
}

SmallVector<Operation *> usersOf(Value value) {
  SetVector<Operation *> users;
  collectUsers(value, users);
  return users.takeVector();
}

Operation *unitOf(Operation *op) {
  auto fused = op->getParentOfType<FusedOp>();
  return fused ? fused.getOperation() : op;
}

SmallVector<Operation *> opsOf(Operation *unit) {
  auto fused = dyn_cast<FusedOp>(unit);
  if (!fused)
    return {unit};
  SmallVector<Operation *> ops;
  for (Operation &op : fused.getBody().front().without_terminator())
    ops.push_back(&op);
  return ops;
}

bool isRowUnit(Operation *unit) {
  if (auto fused = dyn_cast<FusedOp>(unit))
    return fused.getKind() == KernelKind::Row;
  return isRowOp(unit);
}

Operation *rowUnitFor(Operation *reader, Value value, StringRef what,
                      StringRef pass) {
  Operation *maker = definerOf(value);
  if (!maker)
    return nullptr;
  if (usersOf(value).size() != 1)
    remarkMissed(reader, pass, "the " + what + " has a second user");
  else if (!isRowUnit(unitOf(maker)))
    remarkMissed(reader, pass, "the " + what + " is fused with a linear");
  else
    return unitOf(maker);
  return nullptr;
}

void dissolve(RewriterBase &rewriter, FusedOp fused) {
  Block &body = fused.getBody().front();
  auto yield = cast<YieldOp>(body.getTerminator());
  for (auto [arg, input] : llvm::zip(body.getArguments(), fused.getInputs()))
    rewriter.replaceAllUsesWith(arg, input);
  SmallVector<Value> values(yield.getValues());
  for (Operation &op : llvm::make_early_inc_range(body.without_terminator()))
    rewriter.moveOpBefore(&op, fused);
  rewriter.replaceOp(fused, values);
}

/// The ops from the first to the last of `units`, without them, that read one
/// of their results, directly or not; failure when one of those feeds a unit.
static FailureOr<SmallVector<Operation *>>
findDependents(const SetVector<Operation *> &units, Operation *first,
               Operation *last) {
  llvm::SmallPtrSet<Operation *, 16> tainted(units.begin(), units.end());
  SmallVector<Operation *> dependents;
  for (Operation *op = first; op != last->getNextNode();
       op = op->getNextNode()) {
    bool inside = units.contains(op), reads = false;
    // What regions of other ops capture counts as read.
    op->walk([&](Operation *nested) {
      for (Value operand : nested->getOperands()) {
        Operation *def = operand.getDefiningOp();
        if (def && tainted.contains(def) && !(inside && units.contains(def)))
          reads = true;
      }
    });
    if (!reads)
      continue;
    if (inside)
      return failure();
    tainted.insert(op);
    dependents.push_back(op);
  }
  return dependents;
}

/// A dit.fused of `kind` in front of `before`, with `ops` as its body.
static FusedOp draw(RewriterBase &rewriter, KernelKind kind,
                    ArrayRef<Operation *> ops, Operation *before) {
  llvm::SmallPtrSet<Operation *, 16> inside(ops.begin(), ops.end());
  SetVector<Value> inputs;
  SmallVector<Value> results;
  SmallVector<Location> locs;
  for (Operation *op : ops) {
    for (Value operand : op->getOperands())
      if (!inside.contains(operand.getDefiningOp()))
        inputs.insert(operand);
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(),
                       [&](Operation *user) { return !inside.contains(user); }))
        results.push_back(result);
    locs.push_back(op->getLoc());
  }
  rewriter.setInsertionPoint(before);
  Location loc = rewriter.getFusedLoc(locs);
  auto fused = FusedOp::create(rewriter, loc, ValueRange(results).getTypes(),
                               kind, inputs.getArrayRef(), DenseI64ArrayAttr());
  Block *body = rewriter.createBlock(&fused.getBody());
  for (auto [result, value] : llvm::zip(results, fused.getResults()))
    rewriter.replaceUsesWithIf(result, value, [&](OpOperand &use) {
      return !inside.contains(use.getOwner());
    });
  for (Operation *op : ops)
    rewriter.moveOpBefore(op, body, body->end());
  for (Value input : inputs) {
    BlockArgument arg = body->addArgument(input.getType(), input.getLoc());
    rewriter.replaceUsesWithIf(input, arg, [&](OpOperand &use) {
      return inside.contains(use.getOwner());
    });
  }
  rewriter.setInsertionPointToEnd(body);
  YieldOp::create(rewriter, loc, results);
  return fused;
}

FailureOr<FusedOp> fuse(RewriterBase &rewriter, KernelKind kind,
                        ArrayRef<Operation *> units) {
  SmallVector<Operation *> sorted(units);
  llvm::sort(sorted, [](Operation *a, Operation *b) {
    return a != b && a->isBeforeInBlock(b);
  });
  SetVector<Operation *> ordered(sorted.begin(), sorted.end());
  auto dependents = findDependents(ordered, ordered.front(), ordered.back());
  if (failed(dependents))
    return failure();
  Operation *after = ordered.back()->getNextNode();
  SmallVector<Operation *> ops;
  for (Operation *unit : ordered) {
    llvm::append_range(ops, opsOf(unit));
    if (auto fused = dyn_cast<FusedOp>(unit))
      dissolve(rewriter, fused);
  }
  for (Operation *op : *dependents)
    rewriter.moveOpBefore(op, after);
  return draw(rewriter, kind, ops,
              dependents->empty() ? after : dependents->front());
}

static remark::RemarkOpts fusionRemark(Operation *op, StringRef pass) {
  auto function = op->getParentOfType<FunctionOpInterface>();
  return remark::RemarkOpts::name(pass).category("fusion").function(
      function ? function.getName() : "");
}

void remarkFused(Operation *fused, StringRef pass, const Twine &what) {
  remark::passed(fused->getLoc(), fusionRemark(fused, pass))
      << (what + inName(fused->getLoc())).str();
}

void remarkMissed(Operation *op, StringRef pass, const Twine &reason) {
  remark::missed(op->getLoc(), fusionRemark(op, pass))
      << (reason + inName(op->getLoc())).str();
}

void fuseWithRemark(RewriterBase &rewriter, KernelKind kind,
                    ArrayRef<Operation *> units, Operation *anchor,
                    StringRef pass) {
  if (llvm::all_equal(units))
    return;
  auto fused = fuse(rewriter, kind, units);
  if (failed(fused))
    return remarkMissed(anchor, pass, "another kernel must run between them");
  remarkFused(*fused, pass, listOps(*fused));
}

std::string listOps(FusedOp fused) {
  return llvm::join(llvm::map_range(opsOf(fused),
                                    [](Operation *op) {
                                      return op->getName().stripDialect();
                                    }),
                    " + ");
}

} // namespace dit
