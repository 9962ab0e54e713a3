// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares by text: what a region computes, of what, where it is put, and the
// names under which it is returned.
#include "compiler/SharedWeights.h"

#include "dialect/DiTDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace dit;

namespace {

func::FuncOp prepareOf(ModuleOp module) {
  return module.lookupSymbol<func::FuncOp>("prepare");
}

int64_t bytesAt(Operation *op, StringRef attr) {
  auto bytes = op ? op->getAttrOfType<IntegerAttr>(attr) : IntegerAttr();
  return bytes ? bytes.getInt() : 0;
}

/// A value below dit.shared_bytes.
struct SharedValue {
  FusedOp maker;
  std::string text; ///< equal for values that are the same bytes
};

class SharedValues {
public:
  explicit SharedValues(func::FuncOp prepare) {
    Operation *end = prepare.getBody().front().getTerminator();
    for (auto [i, value] : llvm::enumerate(end->getOperands()))
      if (auto name = prepare.getResultAttrOfType<StringAttr>(i, kNameAttr))
        names[value] = name.getValue();
    int64_t shared = bytesAt(prepare, kSharedAttr);
    for (auto fused : prepare.getOps<FusedOp>())
      if (fused.getOffsets()->front() < shared)
        list.push_back({fused, describe(fused)});
  }

  std::vector<SharedValue> list;

private:
  /// A weight by its name, a region's result by its offset, a view by itself
  /// and what it is of.
  void describe(llvm::raw_ostream &os, Value value) {
    Operation *op = value.getDefiningOp();
    if (auto weight = dyn_cast<WeightOp>(op)) {
      os << weight.getName();
    } else if (auto fused = dyn_cast<FusedOp>(op)) {
      unsigned index = cast<OpResult>(value).getResultNumber();
      os << "at " << (*fused.getOffsets())[index];
    } else {
      describe(os, op->getOperand(0));
      os << ' ' << op->getName() << op->getAttrDictionary();
    }
    os << " : " << value.getType() << '\n';
  }

  std::string describe(FusedOp fused) {
    std::string text;
    llvm::raw_string_ostream os(text);
    for (Value input : fused.getInputs())
      describe(os, input);
    os << stringifyKernelKind(fused.getKind()) << '\n';
    for (Operation &inner : fused.getBody().front()) {
      inner.print(os, OpPrintingFlags().useLocalScope());
      os << '\n';
    }
    for (auto [result, offset] :
         llvm::zip(fused.getResults(), *fused.getOffsets()))
      os << names.lookup(result) << " : " << result.getType() << " at "
         << offset << '\n';
    return text;
  }

  DenseMap<Value, StringRef> names; ///< of what is returned
};

} // namespace

LogicalResult dit::checkSharedWeights(ModuleOp first, ModuleOp other) {
  func::FuncOp theirs = prepareOf(first), ours = prepareOf(other);
  std::vector<SharedValue> expected = SharedValues(theirs).list,
                           found = SharedValues(ours).list;
  for (auto [e, f] : llvm::zip(expected, found))
    if (e.text != f.text)
      return f.maker.emitError()
             << "internal error: " << nameOf(f.maker.getLoc())
             << " is not packed as it is for the first size";
  if (expected.size() == found.size() &&
      bytesAt(theirs, kSharedAttr) == bytesAt(ours, kSharedAttr))
    return success();
  return ours.emitError() << "internal error: " << found.size()
                          << " packed values take "
                          << bytesAt(ours, kSharedAttr) << " bytes, but "
                          << expected.size() << " take "
                          << bytesAt(theirs, kSharedAttr)
                          << " for the first size";
}

int64_t dit::preparedBytes(ModuleOp planned) {
  return bytesAt(prepareOf(planned), kArenaAttr);
}
