// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Counts of ops and regions, and the costs of a linear's prologue.
#include "passes/Cost.h"

#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace dit {

int64_t macsOf(Operation *op) {
  int64_t sum = 0;
  op->walk([&](KernelOp inner) { sum += inner.getMacs(); });
  return sum;
}

static int64_t bytesOf(Value value, int64_t batch) {
  auto type = cast<RankedTensorType>(value.getType());
  bool batched = type.getRank() && type.isDynamicDim(0);
  return elementsPerSample(value) * (batched ? batch : 1) *
         (type.getElementTypeBitWidth() / 8);
}

/// Of an operand of `op` that is `value` to it: of an embedding's table one row
/// a sample.
static int64_t bytesRead(Operation *op, Value value, int64_t batch) {
  auto embedding = dyn_cast<EmbeddingOp>(op);
  return embedding && embedding.getTable() == value
             ? bytesOf(embedding.getResult(), batch)
             : bytesOf(value, batch);
}

Cost costOf(Operation *unit, int64_t batch) {
  Cost cost;
  cost.macs = macsOf(unit);
  for (Value result : unit->getResults())
    cost.bytesWritten += bytesOf(result, batch);
  auto fused = dyn_cast<FusedOp>(unit);
  if (!fused) {
    for (Value operand : unit->getOperands())
      cost.bytesRead += bytesRead(unit, operand, batch);
    return cost;
  }
  // An operand's first reader stands for all of them: they read it from a
  // cache.
  for (BlockArgument arg : fused.getBody().getArguments())
    if (!arg.use_empty())
      cost.bytesRead += bytesRead(*arg.user_begin(), arg, batch);
  return cost;
}

static MachineAttr machineOf(Operation *op) {
  auto module = op->getParentOfType<ModuleOp>();
  return module ? module->getAttrOfType<MachineAttr>(kMachineAttr)
                : MachineAttr();
}

static int64_t widthOf(Value rows) {
  return cast<RankedTensorType>(rows.getType()).getShape().back();
}

std::string keepingFault(LinearOp linear) {
  MachineAttr machine = machineOf(linear);
  if (!machine || machine.getKept() == 0)
    return "";
  Multiply as = linear.multiplies();
  int64_t rows = as == Multiply::F32 ? 8 : 16,
          bytes = as == Multiply::BF16 ? 2 : 4;
  int64_t width = widthOf(linear.getX()),
          widest = machine.getKept() / (rows * bytes);
  if (width <= widest)
    return "";
  return "rows of " + std::to_string(width) + " features are wider than the " +
         std::to_string(widest) + " that a kernel may keep";
}

std::string remakingFault(LinearOp linear) {
  MachineAttr machine = machineOf(linear);
  if (!machine)
    return "";
  int64_t features = widthOf(linear.getResult());
  int64_t times = (features - 1) / machine.getColumns() + 1;
  if ((times - 1) * machine.getMake() <= machine.getMove())
    return "";
  return "the norm would be computed anew for each " +
         std::to_string(machine.getColumns()) + " of " +
         std::to_string(features) +
         " output features, which takes longer than a write and a read";
}

std::string waitingFault(LinearOp linear) {
  MachineAttr machine = machineOf(linear);
  if (!machine)
    return "";
  int64_t clocks = machine.getWaits() * widthOf(linear.getX());
  if (clocks <= machine.getRowKernel())
    return "";
  return "multiplying would wait " + std::to_string(clocks) +
         " clocks for rows of " + std::to_string(widthOf(linear.getX())) +
         " features, and a row kernel takes " +
         std::to_string(machine.getRowKernel());
}

} // namespace dit
