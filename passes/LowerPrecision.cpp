// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// LowerPrecision: dit.cast in front of the matmuls that multiply bfloat16, and
// of the attentions that run every step. What is cast of a weight is moved into
// @prepare by Stage.
#include "passes/BindingTimes.h"
#include "passes/Passes.h"
#include "passes/Phase.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace dit {
#define GEN_PASS_DEF_LOWERPRECISION
#include "passes/Passes.h.inc"

namespace {

class Lowering {
public:
  Lowering(func::FuncOp network, bool pairs)
      : network(network), narrow(BFloat16Type::get(network.getContext())),
        onlyPairs(pairs), builder(network), times(network) {}

  void run();

private:
  bool isLowered(AttentionOp attention);
  bool isReadRounded(Value sum);
  void lower(OpOperand &operand) { operand.set(lowered(operand.get())); }
  Value lowered(Value wide);
  Location castLocation(Value wide);

  func::FuncOp network;
  FloatType narrow;
  bool onlyPairs;
  OpBuilder builder;
  BindingTimes times; ///< of the network as it was
  DenseMap<Value, Value> known;
};

/// Keys and values that change more rarely than a step are float32 rows of a
/// table, and q is read beside them.
bool Lowering::isLowered(AttentionOp attention) {
  return (attention.getHeadDim() % 2 == 0 || !onlyPairs) &&
         llvm::all_of(attention->getOperands(), [&](Value operand) {
           return times(operand) == Rate::Step;
         });
}

/// Whether every reader of the sum, or of GELU's tanh form of it, is a cast.
bool Lowering::isReadRounded(Value sum) {
  return !sum.use_empty() && llvm::all_of(sum.getUsers(), [&](Operation *op) {
    auto gelu = dyn_cast<GeluOp>(op);
    return isa<CastOp>(op) || (gelu && gelu.getForm() == GeluForm::Tanh &&
                               isReadRounded(gelu.getResult()));
  });
}

/// What the cast of a weight is called where it crosses: as the weight.
Location Lowering::castLocation(Value wide) {
  std::string name = crossingName(wide);
  if (!dependsOnWeightsOnly(wide)) {
    if (nameOf(wide.getLoc()).empty())
      return wide.getLoc();
    llvm::raw_string_ostream(name) << "_" << narrow;
  }
  return NameLoc::get(builder.getStringAttr(name), wide.getLoc());
}

/// `wide`, rounded: one cast of what it is a view of, right behind that, and
/// the same views of the cast.
Value Lowering::lowered(Value wide) {
  auto type = cast<RankedTensorType>(wide.getType());
  if (type.getElementTypeBitWidth() <= narrow.getWidth())
    return wide;
  if (Value before = known.lookup(wide))
    return before;
  Operation *view = wide.getDefiningOp();
  if (!view || !isView(view)) {
    builder.setInsertionPointAfterValue(wide);
    return known[wide] = CastOp::create(builder, castLocation(wide),
                                        type.clone(narrow), wide);
  }
  IRMapping map;
  map.map(view->getOperand(0), lowered(view->getOperand(0)));
  builder.setInsertionPointAfter(view);
  Value result = builder.clone(*view, map)->getResult(0);
  result.setType(type.clone(narrow));
  return known[wide] = result;
}

void Lowering::run() {
  Block &body = network.getBody().front();
  SmallVector<LinearOp> linears(body.getOps<LinearOp>());
  SmallVector<AttentionOp> attentions(body.getOps<AttentionOp>());
  for (AttentionOp attention : attentions)
    if (isLowered(attention))
      for (OpOperand &operand : attention->getOpOperands())
        lower(operand);
  llvm::erase_if(linears, [&](LinearOp linear) {
    return linear.multiplies() != Multiply::BF16;
  });
  for (LinearOp linear : linears) {
    lower(linear.getXMutable());
    lower(linear.getWeightMutable());
  }
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isView(&op) && op.use_empty())
      op.erase();
  // A bias of cuBLASLt's is of the type that it writes.
  for (LinearOp linear : linears)
    if (linear.isByCublasLt() && isReadRounded(linear.getResult()))
      for (OpOperand &bias : linear.getBiasMutable())
        lower(bias);
}

struct LowerPrecision : impl::LowerPrecisionBase<LowerPrecision> {
  using LowerPrecisionBase::LowerPrecisionBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto functions = functionsOf(module);
    if (functions.size() != 1 || rateOf(functions[0]) != Rate::Step) {
      module.emitError("expected one function @denoise and no @prepare; run "
                       "--dit-lower-precision before --dit-stage");
      return signalPassFailure();
    }
    Lowering(functions[0], pairs).run();
  }
};

} // namespace
} // namespace dit
