// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registration of the dialect and the syntax of dit.fused; verifiers are in
// Verifiers.cpp.
#include "dialect/DiTDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace dit {

/// `(%arg = %input, ...) : (types) -> (types) { body }`
static ParseResult
parseFusedBody(OpAsmParser &parser,
               SmallVectorImpl<OpAsmParser::UnresolvedOperand> &inputs,
               SmallVectorImpl<Type> &inputTypes,
               SmallVectorImpl<Type> &resultTypes, Region &body) {
  SmallVector<OpAsmParser::Argument> args;
  FunctionType type;
  if (parser.parseAssignmentList(args, inputs) || parser.parseColonType(type))
    return failure();
  if (type.getNumInputs() != inputs.size())
    return parser.emitError(parser.getNameLoc(), "expected ")
           << inputs.size() << " input types, got " << type.getNumInputs();
  for (auto [arg, inputType] : llvm::zip(args, type.getInputs()))
    arg.type = inputType;
  llvm::append_range(inputTypes, type.getInputs());
  llvm::append_range(resultTypes, type.getResults());
  return parser.parseRegion(body, args);
}

static void printFusedBody(OpAsmPrinter &printer, FusedOp op,
                           OperandRange inputs, TypeRange inputTypes,
                           TypeRange resultTypes, Region &body) {
  printer << '(';
  llvm::interleaveComma(
      llvm::zip(body.getArguments(), inputs), printer, [&](auto pair) {
        printer << std::get<0>(pair) << " = " << std::get<1>(pair);
      });
  printer << ") : ";
  printer.printFunctionalType(inputTypes, resultTypes);
  printer << ' ';
  printer.printRegion(body, /*printEntryBlockArgs=*/false);
}

bool hasPlainShape(RankedTensorType type) {
  int64_t elements = 1;
  for (auto [i, dim] : llvm::enumerate(type.getShape())) {
    if (i == 0 && ShapedType::isDynamic(dim))
      continue;
    if (dim < 1 || llvm::MulOverflow(elements, dim, elements) ||
        elements >= int64_t(1) << 48)
      return false;
  }
  return true;
}

int64_t elementsPerSample(Value value) {
  int64_t count = 1;
  for (int64_t dim : cast<RankedTensorType>(value.getType()).getShape())
    count *= ShapedType::isDynamic(dim) ? 1 : dim;
  return count;
}

std::string showShape(ArrayRef<int64_t> shape) {
  std::string text;
  for (int64_t dim : shape)
    text += (text.empty() ? "" : "x") +
            (ShapedType::isDynamic(dim) ? "?" : std::to_string(dim));
  return shape.empty() ? "a scalar" : text;
}

StringRef nameOf(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName();
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      if (StringRef name = nameOf(part); !name.empty())
        return name;
  return "";
}

} // namespace dit

#include "dialect/DiTDialect.cpp.inc"
#include "dialect/DiTEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialect/DiTAttrs.cpp.inc"
#include "dialect/DiTInterfaces.cpp.inc"
#define GET_OP_CLASSES
#include "dialect/DiTOps.cpp.inc"

void dit::DiTDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialect/DiTOps.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialect/DiTAttrs.cpp.inc"
      >();
}
