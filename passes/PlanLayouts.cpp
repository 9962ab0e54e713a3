// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// PlanLayouts: the weight of every linear is packed in @prepare, and everything
// @prepare returns is made by a region of its own.
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
/// views, in a packed type.
struct Packed {
  std::string source;
  SmallVector<Operation *> views; // the first applies to the source
  RankedTensorType type;
  std::string name; // what the packed value is called
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
  LayoutPlanner(ModuleOp module, func::FuncOp prepare, int64_t panel)
      : module(module), prepare(prepare), panel(panel), rewriter(module.getContext()) {}

  LogicalResult run();

private:
  LogicalResult packOperand(func::FuncOp function, LinearOp linear);
  std::string packedName(StringRef source, ArrayRef<Operation *> views, RankedTensorType type);
  void dropUnread();
  Value preparedValue(StringRef name);
  void returnPacked();
  void copyPlain();
  void orderReads();

  ModuleOp module;
  func::FuncOp prepare;
  int64_t panel;
  IRRewriter rewriter;
  std::vector<Packed> packed;
  UniqueNames unique;
};

/// The arguments of `function` that come from @prepare, by name.
std::optional<unsigned> findPrepared(func::FuncOp function, StringRef name) {
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    auto from = function.getArgAttrOfType<StringAttr>(i, kFromAttr);
    auto arg = function.getArgAttrOfType<StringAttr>(i, kNameAttr);
    if (from && from == "prepare" && arg && arg == name)
      return i;
  }
  return std::nullopt;
}

std::string LayoutPlanner::packedName(StringRef source, ArrayRef<Operation *> views,
                                      RankedTensorType type) {
  for (Packed &known : packed)
    if (known.source == source && known.type == type && sameViews(known.views, views))
      return known.name;
  packed.push_back({source.str(), SmallVector<Operation *>(views), type,
                    unique((source + ".packed").str())});
  return packed.back().name;
}

/// Lets `linear`, in a region of `function`, read the packed form of its weight.
LogicalResult LayoutPlanner::packOperand(func::FuncOp function, LinearOp linear) {
  auto weight = cast<RankedTensorType>(linear.getWeight().getType());
  auto fused = dyn_cast<FusedOp>(linear->getParentOp());
  if (weight.getRank() != 2)
    return success();
  if (!fused)
    return linear.emitError("must be in a dit.fused; run --dit-wrap-kernels first");
  auto inner = dyn_cast<BlockArgument>(linear.getWeight());
  Value outer = inner ? fused.getInputs()[inner.getArgNumber()] : linear.getWeight();
  auto arg = dyn_cast<BlockArgument>(viewedValue(outer));
  if (!inner || !arg || !inner.hasOneUse())
    return success(); // computed on the spot, or read as it is too: stays row-major
  auto from = function.getArgAttrOfType<StringAttr>(arg.getArgNumber(), kFromAttr);
  auto name = function.getArgAttrOfType<StringAttr>(arg.getArgNumber(), kNameAttr);
  if (!from || from != "prepare" || !name)
    return success();

  SmallVector<Operation *> views;
  for (Value value = outer; value != arg; value = value.getDefiningOp()->getOperand(0))
    views.insert(views.begin(), value.getDefiningOp());
  int64_t features = weight.getDimSize(0);
  auto type = weight.clone({(features + panel - 1) / panel, weight.getDimSize(1), panel});
  std::string to = packedName(name, views, type);
  std::optional<unsigned> at = findPrepared(function, to);
  if (!at) {
    at = function.getNumArguments();
    (void)function.insertArgument(
        *at, type,
        rewriter.getDictionaryAttr({rewriter.getNamedAttr(kNameAttr, rewriter.getStringAttr(to)),
                                    rewriter.getNamedAttr(kFromAttr, from)}),
        arg.getLoc());
  }
  fused.getInputsMutable()[inner.getArgNumber()].set(function.getArgument(*at));
  inner.setType(type);
  return success();
}

/// Erases views that nobody reads, then prepared arguments that nobody reads,
/// then the results of @prepare that no function takes.
void LayoutPlanner::dropUnread() {
  for (auto function : module.getOps<func::FuncOp>()) {
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
      if (isView(&op) && op.use_empty())
        op.erase();
    for (int i = (int)function.getNumArguments() - 1; i >= 0; --i) {
      auto from = function.getArgAttrOfType<StringAttr>(i, kFromAttr);
      if (from && from == "prepare" && function.getArgument(i).use_empty())
        (void)function.eraseArgument(i);
    }
  }
  for (int i = (int)prepare.getNumResults() - 1; i >= 0; --i) {
    StringRef name = prepare.getResultAttrOfType<StringAttr>(i, kNameAttr).getValue();
    bool read = llvm::any_of(module.getOps<func::FuncOp>(), [&](func::FuncOp function) {
      return findPrepared(function, name).has_value();
    });
    if (read)
      continue;
    prepare.getBody().front().getTerminator()->eraseOperand(i);
    (void)prepare.eraseResult(i);
  }
}

Value LayoutPlanner::preparedValue(StringRef name) {
  for (auto [i, value] : llvm::enumerate(prepare.getBody().front().getTerminator()->getOperands()))
    if (prepare.getResultAttrOfType<StringAttr>(i, kNameAttr) == name)
      return value;
  return {};
}

/// Adds the packed values to what @prepare returns, each made in one region
/// with the concat and the views it comes from.
void LayoutPlanner::returnPacked() {
  Operation *end = prepare.getBody().front().getTerminator();
  for (Packed &each : packed) {
    Value value = preparedValue(each.source);
    rewriter.setInsertionPoint(end);
    SmallVector<Operation *> units;
    for (Operation *view : each.views) {
      IRMapping map;
      map.map(view->getOperand(0), value);
      units.push_back(rewriter.clone(*view, map));
      value = units.back()->getResult(0);
    }
    auto loc = NameLoc::get(rewriter.getStringAttr(each.name), value.getLoc());
    Value result = PackOp::create(rewriter, loc, each.type, value);
    units.push_back(result.getDefiningOp());
    (void)prepare.insertResult(
        prepare.getNumResults(), each.type,
        rewriter.getDictionaryAttr(
            rewriter.getNamedAttr(kNameAttr, rewriter.getStringAttr(each.name))));
    end->insertOperands(end->getNumOperands(), result);
  }
  dropUnread();
  // Only now is known which of the sources are read by their packing alone.
  for (Operation &op : llvm::make_early_inc_range(prepare.getBody().front())) {
    auto pack = dyn_cast<PackOp>(op);
    if (!pack)
      continue;
    SmallVector<Operation *> units = {pack};
    for (Value value = pack.getW(); Operation *from = value.getDefiningOp();
         value = from->getOperand(0)) {
      auto fused = dyn_cast<FusedOp>(from);
      bool joins = isView(from) || (fused && fused.getKind() == KernelKind::Pack);
      if (!joins || !from->hasOneUse())
        break;
      units.push_back(from);
      if (fused)
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
    auto copy = PackOp::create(rewriter, value.getLoc(), value.getType(), value);
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
  copyPlain();
  orderReads();
  return success();
}

struct PlanLayouts : impl::PlanLayoutsBase<PlanLayouts> {
  using PlanLayoutsBase::PlanLayoutsBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto prepare = module.lookupSymbol<func::FuncOp>(kPrepare);
    if (!prepare) {
      module.emitError("expected a function @prepare; run --dit-stage first");
      return signalPassFailure();
    }
    if (panel < 1) {
      module.emitError("panel must be at least 1, got ") << panel.getValue();
      return signalPassFailure();
    }
    if (failed(LayoutPlanner(module, prepare, panel).run()))
      signalPassFailure();
  }
};

} // namespace
} // namespace dit
