// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Counts by walking; a dimension that is the batch counts once.
#include "compiler/Cost.h"

using namespace mlir;
using namespace dit;

namespace {

int64_t elementsPerSample(Value value) {
  int64_t count = 1;
  for (int64_t dim : cast<RankedTensorType>(value.getType()).getShape())
    count *= ShapedType::isDynamic(dim) ? 1 : dim;
  return count;
}

int64_t macsOfOne(Operation *op) {
  if (auto linear = dyn_cast<LinearOp>(op)) {
    auto x = cast<RankedTensorType>(linear.getX().getType());
    return elementsPerSample(linear.getResult()) * x.getShape().back();
  }
  if (auto attention = dyn_cast<AttentionOp>(op)) // scores, then their sum of v
    return 2 * elementsPerSample(attention.getQ()) *
           attention.getK().getType().getDimSize(1);
  return 0;
}

} // namespace

int64_t dit::macsOf(Operation *op) {
  int64_t sum = 0;
  op->walk([&](Operation *inner) { sum += macsOfOne(inner); });
  return sum;
}

std::map<std::string, SmallVector<int64_t>> dit::weightsOf(ModuleOp module) {
  std::map<std::string, SmallVector<int64_t>> weights;
  module.walk([&](WeightOp weight) {
    weights[weight.getName().str()] =
        SmallVector<int64_t>(weight.getType().getShape());
  });
  return weights;
}

int64_t dit::parametersOf(ModuleOp module) {
  int64_t sum = 0;
  for (auto &[name, shape] : weightsOf(module))
    sum += ShapedType::getNumElements(shape);
  return sum;
}
