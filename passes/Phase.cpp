// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Origins and names of values.
#include "passes/Phase.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace dit {

bool dependsOnWeightsOnly(Value value) {
  Operation *op = value.getDefiningOp();
  return op && isPure(op) &&
         llvm::all_of(op->getOperands(), dependsOnWeightsOnly);
}

Value viewedValue(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isView(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

std::string crossingName(Value value) {
  if (auto weight = value.getDefiningOp<WeightOp>())
    return weight.getName().str();
  StringRef name = nameOf(value.getLoc());
  return name.empty() ? "value" : name.str();
}

std::string UniqueNames::operator()(std::string name) {
  while (true) {
    int count = used[name]++;
    if (count == 0)
      return name;
    std::string next = name + "_" + std::to_string(count);
    if (!used.count(next)) {
      used[next] = 1;
      return next;
    }
  }
}

std::string inName(Location loc) {
  StringRef name = nameOf(loc);
  return name.empty() ? "" : (" (in " + name + ")").str();
}

} // namespace dit
