// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Layouts of weights, and what cuBLASLt does.
#include "dialect/Matmul.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace dit {

LogicalResult
LayoutAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                   int64_t panel, int64_t group) {
  if (panel >= 1 && group >= 1)
    return success();
  return emitError() << "panel and group must be at least 1, got " << panel
                     << " and " << group;
}

LogicalResult
MachineAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                    int64_t columns, int64_t make, int64_t move, int64_t kept,
                    int64_t waits, int64_t rowKernel) {
  constexpr int64_t kMost = int64_t(1) << 40;
  for (int64_t value : {columns, make, move, kept, waits, rowKernel})
    if (value < 0 || value > kMost)
      return emitError() << "a machine's numbers must be from 0 to 2^40, got "
                         << value;
  if (columns >= 1)
    return success();
  return emitError() << "columns must be at least 1, got " << columns;
}

SmallVector<int64_t> LayoutAttr::packedShape(int64_t m, int64_t k) const {
  int64_t panels = llvm::divideCeil(m, getPanel());
  if (getGroup() == 1)
    return {panels, k, getPanel()};
  return {panels, (int64_t)llvm::divideCeil(k, getGroup()), getPanel(),
          getGroup()};
}

RankedTensorType LayoutAttr::packedType(RankedTensorType weight) const {
  return weight.clone(packedShape(weight.getDimSize(0), weight.getDimSize(1)));
}

int64_t LayoutAttr::packedIndex(int64_t m, int64_t k, int64_t inputs) const {
  int64_t panel = getPanel(), group = getGroup();
  int64_t steps = llvm::divideCeil(inputs, group);
  return ((m / panel * steps + k / group) * panel + m % panel) * group +
         k % group;
}

bool isCublasLtEpilogue(Operation *op, Operation *last) {
  auto gelu = dyn_cast<GeluOp>(op);
  return (isa<CastOp>(op) && !isa<CastOp>(last)) ||
         (gelu && gelu.getForm() == GeluForm::Tanh && isa<LinearOp>(last));
}

std::string cublasLtFault(LinearOp linear, CublasLtEpilogue &epilogue) {
  auto describe = [](Operation *op) {
    return op->getName().getStringRef().str();
  };
  epilogue = linear.getBias() ? CublasLtEpilogue::Bias : CublasLtEpilogue::None;
  Value out = linear.getResult();
  if (auto region = dyn_cast<FusedOp>(linear->getParentOp())) {
    if (!isa<BlockArgument>(linear.getX()))
      return "x must come from memory, but " +
             describe(linear.getX().getDefiningOp()) + " makes it";
    if (region.getNumResults() != 1)
      return "there must be one result, but there are " +
             std::to_string(region.getNumResults());
    for (Operation *op = linear->getNextNode(); !isa<YieldOp>(op);
         op = op->getNextNode()) {
      bool isGelu = isa<GeluOp>(op);
      if (!isCublasLtEpilogue(op, op->getPrevNode()) ||
          (isGelu && !linear.getBias()))
        return "it may end with a bias, GELU's tanh form of that, and a cast, "
               "but ends with " +
               describe(op);
      if (isGelu)
        epilogue = CublasLtEpilogue::GeluTanhBias;
      out = op->getResult(0);
    }
  }
  auto isTaken = [](Value value) {
    Type element = getElementTypeOrSelf(value);
    return element.isF32() || element.isBF16();
  };
  if (!isTaken(linear.getX()) || !isTaken(out))
    return "it must multiply and write f32 or bf16";
  if (linear.getBias() &&
      getElementTypeOrSelf(linear.getBias()) != getElementTypeOrSelf(out))
    return "its bias must be of the type that it writes";
  return "";
}

} // namespace dit
