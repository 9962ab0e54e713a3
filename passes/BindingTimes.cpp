// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One walk over the function's ops in order.
#include "passes/BindingTimes.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace dit {

SetVector<Value> valuesRead(Operation *op) {
  SetVector<Value> read(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), read);
  return read;
}

BindingTimes::BindingTimes(func::FuncOp function) {
  for (BlockArgument arg : function.getArguments())
    values[arg] = rateOfArgument(function, arg.getArgNumber());
  for (Operation &op : function.getBody().front()) {
    bool moves = isPure(&op) && !op.hasTrait<OpTrait::IsTerminator>();
    Rate rate = moves ? Rate::Load : rateOf(function);
    for (Value value : valuesRead(&op))
      if (auto known = values.find(value); known != values.end())
        rate = std::max(rate, known->second);
    ops[&op] = rate;
    for (Value result : op.getResults())
      values[result] = rate;
  }
}

} // namespace dit
