// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The grammars of the kinds, one function each.
#include "passes/Grammar.h"
#include "passes/Phase.h"
#include "passes/Region.h"

using namespace mlir;

namespace dit {

bool isRowOp(Operation *op) { return op->hasTrait<WorksOnRows>(); }

bool isEpilogueOp(Operation *op) { return op->hasTrait<WorksOnElements>(); }

std::optional<KernelKind> kindAlone(Operation *op) {
  auto kernel = dyn_cast<KernelOp>(op);
  if (!kernel)
    return std::nullopt;
  if (op->hasTrait<WorksOnWeights>() && dependsOnWeightsOnly(op->getResult(0)))
    return KernelKind::Pack;
  return kernel.getKindAlone();
}

namespace {

std::string describe(Operation *op) {
  return op->getName().getStringRef().str();
}

ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

/// Features, at least one a row, of at most tokens of samples.
bool areRows(ArrayRef<int64_t> shape) {
  return !shape.empty() && shape.size() <= 3 &&
         !ShapedType::isDynamic(shape.back());
}

/// (N, T, D), (N, D), or without samples (T, D) and (D).
std::string shapeFault(Operation *op) {
  ArrayRef<int64_t> shape = shapeOf(op->getResult(0));
  std::string found = ", but " + describe(op) + " makes " + showShape(shape);
  if (!areRows(shape))
    return "expected rows of features" + found;
  // Kernels know which sample they are at from the batch alone.
  size_t operands = op->getNumOperands();
  bool isLookedUp =
      operands && cast<KernelOp>(op).getBroadcast().size() == operands;
  bool isOfSamples = shape.size() == 3 || isLookedUp;
  if (isOfSamples && !ShapedType::isDynamic(shape[0]))
    return "expected a batch of samples" + found;
  for (Value operand : op->getOperands())
    if (shapeOf(operand).empty())
      return "expected rows of features, but " + describe(op) +
             " reads a scalar";
  return "";
}

/// Row ops whose results share the dimensions before the last.
std::string rowFault(ArrayRef<Operation *> ops, ArrayRef<int64_t> rows) {
  llvm::SmallPtrSet<Operation *, 16> inside(ops.begin(), ops.end());
  for (Operation *op : ops) {
    if (!isRowOp(op))
      return "expected row ops, but found " + describe(op);
    if (std::string fault = shapeFault(op); !fault.empty())
      return fault;
    if (isSinusoid(op) && ops.size() != 1)
      return describe(op) + " must be alone in its region";
    if (shapeOf(op->getResult(0)).drop_back() != rows)
      return "expected one number of rows, but " + describe(op) +
             " has another";
    for (Value operand : cast<KernelOp>(op).getBroadcast())
      if (Operation *maker = definerOf(operand); inside.contains(maker))
        return "what " + describe(op) +
               " broadcasts must come from outside the region";
  }
  return "";
}

/// Of a kernel that writes what its last op makes, once.
std::string resultFault(FusedOp fused) {
  Block &body = fused.getBody().front();
  auto yield = cast<YieldOp>(body.getTerminator());
  if (yield.getValues().size() == 1 &&
      yield.getValues()[0].getDefiningOp() == yield->getPrevNode())
    return "";
  return "expected the last op's result alone to leave the region";
}

std::string linearFault(ArrayRef<Operation *> ops) {
  auto at = llvm::find_if(ops, [](Operation *op) { return isa<LinearOp>(op); });
  if (at == ops.end())
    return "expected one dit.linear, but found none";
  auto linear = cast<LinearOp>(*at);
  if (!isa<BlockArgument>(linear.getWeight()) ||
      (linear.getBias() && !isa<BlockArgument>(linear.getBias())))
    return "weight and bias must come from outside the region";

  ArrayRef<Operation *> prologue(ops.begin(), at), epilogue(at + 1, ops.end());
  bool patches = prologue.size() == 1 && isa<PatchifyOp>(prologue[0]);
  for (Operation *op : prologue)
    if (isSinusoid(op))
      return describe(op) + " must be alone in its region";
  if (!prologue.empty() && !patches)
    if (auto fault = rowFault(prologue, shapeOf(linear.getX()).drop_back());
        !fault.empty())
      return "before the linear, " + fault;

  // A chain: each op reads the one before it, nothing else made here.
  Operation *last = nullptr;
  for (Operation *op : ops) {
    bool isEpilogue = llvm::is_contained(epilogue, op);
    if (isEpilogue && !isEpilogueOp(op) &&
        !(isa<UnpatchifyOp>(op) && op == ops.back()))
      return "after the linear expected elementwise ops, but found " +
             describe(op);
    if (isEpilogue && isa<RotateOp>(op) && !isa<LinearOp>(last))
      return describe(op) + " must come directly after the linear";
    for (Value operand : op->getOperands())
      if (operand.getDefiningOp() && operand.getDefiningOp() != last)
        return "expected a chain of ops, but " + describe(op) +
               " reads an earlier one";
    if (last && !llvm::is_contained(last->getUsers(), op))
      return "expected a chain of ops, but " + describe(op) +
             " does not read " + describe(last);
    if (isEpilogue)
      for (Value operand : cast<KernelOp>(op).getBroadcast())
        if (!isa<BlockArgument>(operand))
          return "what " + describe(op) +
                 " broadcasts must come from outside the region";
    last = op;
  }
  ArrayRef<int64_t> result = shapeOf(linear.getResult());
  if (result.size() == 3 && !ShapedType::isDynamic(result[0]))
    return "expected a batch of samples, but dit.linear makes " +
           showShape(result);
  return "";
}

std::string singleFault(ArrayRef<Operation *> ops,
                        bool (*allowed)(Operation *)) {
  if (ops.size() != 1)
    return "expected one op, but found " + std::to_string(ops.size());
  if (!allowed(ops[0]))
    return "cannot hold " + describe(ops[0]);
  ArrayRef<int64_t> result = shapeOf(ops[0]->getResult(0));
  if (result.size() > 2 && !ShapedType::isDynamic(result[0]))
    return "expected a batch of samples, but " + describe(ops[0]) + " makes " +
           showShape(result);
  return "";
}

std::string attentionFault(ArrayRef<Operation *> ops) {
  if (!isa<AttentionOp>(ops[0]))
    return "expected one dit.attention first, but found " + describe(ops[0]);
  if (!llvm::all_of(ops[0]->getOperands(), llvm::IsaPred<BlockArgument>))
    return "q, k and v must come from outside the region";
  ArrayRef<int64_t> result = shapeOf(ops[0]->getResult(0));
  if (!ShapedType::isDynamic(result[0]))
    return "expected a batch of samples, but dit.attention makes " +
           showShape(result);
  if (ops.size() == 1)
    return "";
  if (ops.size() > 2 || !isa<CastOp>(ops[1]) ||
      ops[1]->getOperand(0) != ops[0]->getResult(0))
    return "after the attention expected its cast alone, but found " +
           describe(ops.back());
  return ops[0]->hasOneUse()
             ? ""
             : "expected the cast's result alone to leave the region";
}

std::string packFault(ArrayRef<Operation *> ops) {
  for (Operation *op : ops)
    if (!op->hasTrait<WorksOnWeights>())
      return "expected work on weights, but found " + describe(op);
  return "";
}

} // namespace

/// The grammar of the body's ops alone.
static std::string bodyFault(FusedOp fused, ArrayRef<Operation *> ops) {
  switch (fused.getKind()) {
  case KernelKind::Row: {
    ArrayRef<int64_t> shape = shapeOf(ops[0]->getResult(0));
    return rowFault(ops, shape.drop_back(!shape.empty()));
  }
  case KernelKind::Linear:
    return linearFault(ops);
  case KernelKind::Attention:
    return attentionFault(ops);
  case KernelKind::Patch:
    return singleFault(ops, [](Operation *op) {
      auto kernel = dyn_cast<KernelOp>(op);
      return kernel && kernel.getKindAlone() == KernelKind::Patch;
    });
  case KernelKind::Pack:
    return packFault(ops);
  }
  return "";
}

/// Row kernels write any of their rows, operands too; pack kernels any weight.
static std::string yieldFault(FusedOp fused, ArrayRef<Operation *> ops) {
  auto yield = cast<YieldOp>(fused.getBody().front().getTerminator());
  if (yield.getValues().empty())
    return "expected a value to leave the region";
  switch (fused.getKind()) {
  case KernelKind::Row:
    if (isSinusoid(ops[0]))
      return resultFault(fused);
    for (Value value : yield.getValues())
      if (!areRows(shapeOf(value)) ||
          shapeOf(value).drop_back() !=
              shapeOf(ops[0]->getResult(0)).drop_back())
        return "expected one number of rows, but " + showShape(shapeOf(value)) +
               " leaves the region";
    return "";
  case KernelKind::Pack:
    for (Value value : yield.getValues())
      if (!cast<RankedTensorType>(value.getType()).hasStaticShape())
        return "expected work on weights, but " + showShape(shapeOf(value)) +
               " leaves the region";
    return "";
  default:
    return resultFault(fused);
  }
}

std::string grammarFault(FusedOp fused) {
  SmallVector<Operation *> ops;
  for (Operation &op : fused.getBody().front().without_terminator())
    ops.push_back(&op);
  if (ops.empty())
    return "expected at least one op";
  std::string fault = bodyFault(fused, ops);
  return fault.empty() ? yieldFault(fused, ops) : fault;
}

std::string rowsFault(ArrayRef<Operation *> ops) {
  return rowFault(ops, shapeOf(ops.back()->getResult(0)).drop_back());
}

} // namespace dit
