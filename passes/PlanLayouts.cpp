// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// PlanLayouts: the weight of every linear is packed in @prepare, and everything
// @prepare returns is made by a region of its own.
#include "dialect/Rate.h"
#include "passes/Crossings.h"
#include "passes/Passes.h"
#include "passes/Phase.h"
#include "passes/Region.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace dit {
#define GEN_PASS_DEF_PLANLAYOUTS
#include "passes/Passes.h.inc"

namespace {

/// One weight as one kind of linear reads it: a prepared value, seen through
/// views, in a layout.
struct Packed {
  std::string source;
  SmallVector<Operation *> views; // the first applies to the source
  LayoutAttr layout;
  RankedTensorType type; // that it has then
  std::string name;      // what the packed value is called
};

bool sameViews(ArrayRef<Operation *> a, ArrayRef<Operation *> b) {
  return llvm::equal(a, b, [](Operation *x, Operation *y) {
    return x->getName() == y->getName() && x->getAttrs() == y->getAttrs() &&
           x->getPropertiesAsAttribute() == y->getPropertiesAsAttribute() &&
           x->getResultTypes() == y->getResultTypes();
  });
}

class LayoutPlanner {
public:
  LayoutPlanner(ModuleOp module, func::FuncOp prepare)
      : module(module), prepare(prepare), rewriter(module.getContext()) {}

  LogicalResult run();

private:
  LogicalResult packOperand(func::FuncOp function, LinearOp linear);
  std::string packedName(Packed wanted);
  void dropUnreadOperands();
  void returnPacked();
  void joinPacks();
  void copyPlain();
  void orderReads();

  ModuleOp module;
  func::FuncOp prepare;
  IRRewriter rewriter;
  std::vector<Packed> packed;
  UniqueNames unique;
};

/// The name of what is packed already in the wanted way, else a new one.
std::string LayoutPlanner::packedName(Packed wanted) {
  for (Packed &known : packed)
    if (known.source == wanted.source && known.layout == wanted.layout &&
        known.type == wanted.type && sameViews(known.views, wanted.views))
      return known.name;
  wanted.name = unique(wanted.source + ".packed");
  packed.push_back(wanted);
  return wanted.name;
}

/// Lets `linear`, in a region of `function`, read its weight packed.
LogicalResult LayoutPlanner::packOperand(func::FuncOp function,
                                         LinearOp linear) {
  auto fused = dyn_cast<FusedOp>(linear->getParentOp());
  if (!fused)
    return linear.emitError(
        "must be in a dit.fused; run --dit-wrap-kernels first");
  auto inner = dyn_cast<BlockArgument>(linear.getWeight());
  auto weight = cast<RankedTensorType>(linear.getWeight().getType());
  if (!inner || weight.getRank() != 2) // it is packed already
    return success();
  Value outer = fused.getInputs()[inner.getArgNumber()];
  auto arg = dyn_cast<BlockArgument>(viewedValue(outer));
  if (!arg || argumentFrom(function, arg.getArgNumber()) != prepare.getName())
    return success();
  MatmulAttr how = linear.getMatmulAttr();
  if (!how || !how.getLayout())
    return linear.emitOpError("must say the layout of its weight; run "
                              "--dit-choose-matmuls first");

  Packed wanted;
  wanted.source = argumentName(function, arg.getArgNumber()).str();
  for (Value value = outer; value != arg;
       value = value.getDefiningOp()->getOperand(0))
    wanted.views.insert(wanted.views.begin(), value.getDefiningOp());
  wanted.layout = how.getLayout();
  wanted.type = wanted.layout.packedType(weight);
  std::string name = packedName(wanted);
  Value argument = findArgument(function, prepare.getName(), name);
  if (!argument)
    argument = addArgument(function, wanted.type, name, prepare.getName(),
                           arg.getLoc());
  if (inner.hasOneUse()) {
    fused.getInputsMutable()[inner.getArgNumber()].set(argument);
    inner.setType(wanted.type);
  } else { // the region reads the weight as it is, too
    fused.getInputsMutable().append(argument);
    linear.getWeightMutable().set(
        fused.getBody().addArgument(wanted.type, arg.getLoc()));
  }
  return success();
}

/// Operands that no op of their region reads keep nothing alive, and no weight
/// in another layout than its kernels want.
void LayoutPlanner::dropUnreadOperands() {
  module.walk([](FusedOp fused) {
    Block &body = fused.getBody().front();
    for (unsigned i = body.getNumArguments(); i-- > 0;)
      if (body.getArgument(i).use_empty()) {
        fused.getInputsMutable().erase(i);
        body.eraseArgument(i);
      }
  });
}

/// Adds the packed values to what @prepare returns, with their views.
void LayoutPlanner::returnPacked() {
  for (Packed &each : packed) {
    Value value = findResult(prepare, each.source);
    rewriter.setInsertionPoint(prepare.getBody().front().getTerminator());
    for (Operation *view : each.views) {
      IRMapping map;
      map.map(view->getOperand(0), value);
      value = rewriter.clone(*view, map)->getResult(0);
    }
    auto loc = NameLoc::get(rewriter.getStringAttr(each.name), value.getLoc());
    addResult(prepare,
              PackOp::create(rewriter, loc, each.type, value, each.layout),
              each.name);
  }
}

/// A region that rounds a weight, and does nothing else.
bool isCast(Operation *unit) {
  auto isCastOp = llvm::IsaPred<CastOp>;
  return llvm::all_of(opsOf(unit), isCastOp);
}

/// Puts each pack into one region with the casts, the concat and the reshapes
/// that it alone reads.
void LayoutPlanner::joinPacks() {
  for (PackOp pack : llvm::make_early_inc_range(prepare.getOps<PackOp>())) {
    SmallVector<Operation *> units = {pack};
    for (Value value = pack.getW(); Operation *from = value.getDefiningOp();
         value = from->getOperand(0)) {
      auto fused = dyn_cast<FusedOp>(from);
      bool isPack = fused && fused.getKind() == KernelKind::Pack;
      // A slice stays a view of what is in memory anyway.
      if (!from->hasOneUse() || !(isPack || isa<ReshapeOp>(from)))
        break;
      units.push_back(from);
      if (isPack && !isCast(from))
        break;
    }
    (void)fuse(rewriter, KernelKind::Pack, units);
  }
}

/// A result that no region makes, or that two results share, is copied by one.
void LayoutPlanner::copyPlain() {
  Operation *end = prepare.getBody().front().getTerminator();
  llvm::SmallPtrSet<Value, 16> seen;
  for (OpOperand &operand : end->getOpOperands()) {
    Value value = operand.get();
    if (value.getDefiningOp<FusedOp>() && seen.insert(value).second)
      continue;
    rewriter.setInsertionPoint(end);
    auto copy = PackOp::create(rewriter, value.getLoc(), value.getType(), value,
                               /*layout=*/LayoutAttr());
    operand.set(copy);
    (void)fuse(rewriter, KernelKind::Pack, {copy});
  }
}

/// Each weight is read right before the first region that wants it, so that
/// regions of one weight can be next to each other and it is released early.
void LayoutPlanner::orderReads() {
  Block &body = prepare.getBody().front();
  SmallVector<WeightOp> weights(body.getOps<WeightOp>());
  for (WeightOp weight : weights) {
    if (weight->use_empty()) {
      rewriter.eraseOp(weight);
      continue;
    }
    Operation *first = nullptr;
    for (Operation *user : weight->getUsers())
      if (!first || user->isBeforeInBlock(first))
        first = user;
    rewriter.moveOpBefore(weight, first);
  }
}

LogicalResult LayoutPlanner::run() {
  dropUnreadOperands();
  for (unsigned i = 0; i < prepare.getNumResults(); ++i)
    unique(prepare.getResultAttrOfType<StringAttr>(i, kNameAttr).str());
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function == prepare)
      continue;
    SmallVector<LinearOp> linears;
    function.walk([&](LinearOp linear) { linears.push_back(linear); });
    for (LinearOp linear : linears)
      if (failed(packOperand(function, linear)))
        return failure();
  }
  returnPacked();
  // Only now is known what is read by its packing alone.
  dropUnread(module, prepare);
  joinPacks();
  copyPlain();
  orderReads();
  return success();
}

struct PlanLayouts : impl::PlanLayoutsBase<PlanLayouts> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto prepare =
        module.lookupSymbol<func::FuncOp>(infoOf(Rate::Load).function);
    if (!prepare) {
      module.emitError("expected a function @prepare; run --dit-stage first");
      return signalPassFailure();
    }
    if (failed(LayoutPlanner(module, prepare).run()))
      signalPassFailure();
  }
};

} // namespace
} // namespace dit
