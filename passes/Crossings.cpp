// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Keeping results, arguments and their attributes in step.
#include "passes/Crossings.h"
#include "dialect/DiTDialect.h"

using namespace mlir;

namespace dit {

static DictionaryAttr nameAttrs(Builder builder, StringRef name,
                                StringRef from = "") {
  SmallVector<NamedAttribute> attrs = {
      builder.getNamedAttr(kNameAttr, builder.getStringAttr(name))};
  if (!from.empty())
    attrs.push_back(
        builder.getNamedAttr(kFromAttr, builder.getStringAttr(from)));
  return builder.getDictionaryAttr(attrs);
}

static StringRef stringOrEmpty(StringAttr attr) {
  return attr ? attr.getValue() : "";
}

StringRef argumentName(func::FuncOp function, unsigned index) {
  return stringOrEmpty(function.getArgAttrOfType<StringAttr>(index, kNameAttr));
}

StringRef argumentFrom(func::FuncOp function, unsigned index) {
  return stringOrEmpty(function.getArgAttrOfType<StringAttr>(index, kFromAttr));
}

static StringRef resultName(func::FuncOp function, unsigned index) {
  return stringOrEmpty(
      function.getResultAttrOfType<StringAttr>(index, kNameAttr));
}

Value findArgument(func::FuncOp function, StringRef from, StringRef name) {
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (argumentFrom(function, i) == from && argumentName(function, i) == name)
      return function.getArgument(i);
  return {};
}

Value addArgument(func::FuncOp function, Type type, StringRef name,
                  StringRef from, Location loc) {
  unsigned index = function.getNumArguments();
  (void)function.insertArgument(index, type,
                                nameAttrs(Builder(function), name, from), loc);
  return function.getArgument(index);
}

Value findResult(func::FuncOp function, StringRef name) {
  Operation *end = function.getBody().front().getTerminator();
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    if (resultName(function, i) == name)
      return end->getOperand(i);
  return {};
}

void addResult(func::FuncOp function, Value value, StringRef name) {
  Operation *end = function.getBody().front().getTerminator();
  (void)function.insertResult(function.getNumResults(), value.getType(),
                              nameAttrs(Builder(function), name));
  end->insertOperands(end->getNumOperands(), value);
}

void dropUnread(ModuleOp module, func::FuncOp maker) {
  auto functions = module.getOps<func::FuncOp>();
  for (func::FuncOp function : functions) {
    for (Operation &op :
         llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
      if (isView(&op) && op.use_empty())
        op.erase();
    for (int i = (int)function.getNumArguments() - 1; i >= 0; --i)
      if (argumentFrom(function, i) == maker.getName() &&
          function.getArgument(i).use_empty())
        (void)function.eraseArgument(i);
  }
  Operation *end = maker.getBody().front().getTerminator();
  for (int i = (int)maker.getNumResults() - 1; i >= 0; --i) {
    StringRef name = resultName(maker, i);
    if (llvm::any_of(functions, [&](func::FuncOp function) {
          return findArgument(function, maker.getName(), name);
        }))
      continue;
    end->eraseOperand(i);
    (void)maker.eraseResult(i);
  }
}

} // namespace dit
