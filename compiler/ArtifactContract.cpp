// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What must hold of a planned module so that its code touches no memory but its
// own: places inside the arenas, and the shapes that the manifest names.
#include "compiler/Phases.h"
#include "compiler/Spec.h"
#include "dialect/DiTDialect.h"
#include "dialect/Rate.h"
#include "dialect/Sizes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dit;

namespace {

int64_t integerOf(Attribute attr) { return cast<IntegerAttr>(attr).getInt(); }

/// Offsets lie in the arena; in other functions than @prepare the returned
/// values, and no others, have none.
LogicalResult checkOffsets(func::FuncOp func, bool isPrepare) {
  int64_t arena = integerOf(func->getAttr(kArenaAttr));
  llvm::SmallPtrSet<Value, 16> returned;
  if (!isPrepare)
    returned.insert_range(
        func.getBody().front().getTerminator()->getOperands());
  for (auto fused : func.getOps<FusedOp>())
    for (auto [result, offset] :
         llvm::zip(fused.getResults(), *fused.getOffsets())) {
      if (returned.contains(result) != (offset == -1))
        return fused.emitOpError()
               << "must have offset -1 for a result that @" << func.getName()
               << " returns, and for no other, but has " << offset
               << " for result " << result.getResultNumber();
      int64_t bytes = llvm::alignTo(bytesOf(result.getType()), 64);
      if (offset >= 0 && offset > arena - bytes)
        return fused.emitOpError()
               << "must have its results in " << kArenaAttr << ", " << arena
               << ", but result " << result.getResultNumber() << " takes "
               << bytes << " bytes from " << offset << " on";
    }
  return success();
}

/// Results lie in a row of the function's table, apart from each other.
LogicalResult checkRow(func::FuncOp func) {
  int64_t row = integerOf(func->getAttr(kRowFloatsAttr));
  Operation *ret = func.getBody().front().getTerminator();
  for (auto [i, value] : llvm::enumerate(ret->getOperands())) {
    auto type = cast<RankedTensorType>(value.getType());
    int64_t slot = integerOf(func.getResultAttr(i, kSlotAttr));
    if (type.hasStaticShape() || !type.getElementType().isF32())
      return func.emitError()
             << "result " << i << " of @" << func.getName()
             << " must be float32 of each sample, but is " << type;
    if (slot > row - elementsOf(type))
      return func.emitError()
             << "result " << i << " of @" << func.getName() << " must lie in "
             << kRowFloatsAttr << ", " << row << ", but takes "
             << elementsOf(type) << " floats from " << slot << " on";
  }
  return success();
}

/// Every result of @prepare is one of a kernel, or a view of it.
LogicalResult checkPrepared(func::FuncOp prepare) {
  Operation *ret = prepare.getBody().front().getTerminator();
  for (auto [i, value] : llvm::enumerate(ret->getOperands())) {
    Value base = value;
    while (base.getDefiningOp() && isView(base.getDefiningOp()))
      base = base.getDefiningOp()->getOperand(0);
    if (!base.getDefiningOp<FusedOp>())
      return prepare.emitError()
             << "result " << i << " of @prepare must be made by a dit.fused";
  }
  return success();
}

/// What the caller gives has one row a sample, of elements it can give.
LogicalResult checkInputs(func::FuncOp func) {
  for (unsigned i = 0; i < func.getNumArguments(); ++i) {
    auto name = func.getArgAttrOfType<StringAttr>(i, kNameAttr);
    auto type = dyn_cast<RankedTensorType>(func.getArgumentTypes()[i]);
    bool isGiven =
        type && type.getRank() > 0 && type.isDynamicDim(0) &&
        (type.getElementType().isF32() || type.getElementType().isInteger(32));
    if (func.getArgAttrOfType<StringAttr>(i, kFromAttr) == kFromInput &&
        !isGiven)
      return func.emitError()
             << "'" << name.getValue() << "' of @" << func.getName()
             << " must be float32 or int32 of each sample, "
                "but is "
             << func.getArgumentTypes()[i];
  }
  return success();
}

LogicalResult checkType(func::FuncOp func, const Twine &what, Type got,
                        RankedTensorType want) {
  if (got == want)
    return success();
  return func.emitError() << what << " of @" << func.getName() << " must be "
                          << want << ", as the spec says, but is " << got;
}

} // namespace

LogicalResult dit::checkMemory(ModuleOp module) {
  auto functions = functionsOf(module);
  for (func::FuncOp func : functions) {
    Rate rate = rateOf(func);
    if (failed(checkOffsets(func, rate == Rate::Load)) ||
        failed(checkInputs(func)))
      return failure();
    if (rate == Rate::Load && failed(checkPrepared(func)))
      return failure();
    if ((rate == Rate::Prompt || rate == Rate::Condition) &&
        failed(checkRow(func)))
      return failure();
  }
  func::FuncOp network = functions.back();
  if (network.getNumResults() != 1)
    return network.emitError()
           << "@denoise must have one result, which the caller has memory for, "
              "but has "
           << network.getNumResults();
  return success();
}

LogicalResult dit::checkInterface(ModuleOp module, const Spec &spec) {
  Builder builder(module.getContext());
  Type f32 = builder.getF32Type(), i32 = builder.getI32Type();
  const int64_t batch = ShapedType::kDynamic, height = spec.latent.height,
                width = spec.latent.width;
  auto tensor = [](ArrayRef<int64_t> shape, Type element) {
    return RankedTensorType::get(shape, element);
  };
  auto image = [&](int64_t channels) {
    return tensor({batch, channels, height, width}, f32);
  };
  auto functions = functionsOf(module);
  for (func::FuncOp func : functions)
    for (unsigned i = 0; i < func.getNumArguments(); ++i) {
      auto name = func.getArgAttrOfType<StringAttr>(i, kNameAttr);
      RankedTensorType want = name == "x"   ? image(spec.latent.channels)
                              : name == "t" ? tensor(batch, f32)
                              : name == "y" ? tensor(batch, i32)
                                            : RankedTensorType();
      if (func.getArgAttrOfType<StringAttr>(i, kFromAttr) != kFromInput ||
          !want)
        continue;
      if (failed(checkType(func, "'" + name.getValue() + "'",
                           func.getArgumentTypes()[i], want)))
        return failure();
    }
  return checkType(functions.back(), "the result",
                   functions.back().getResultTypes()[0],
                   image(spec.outChannels()));
}
