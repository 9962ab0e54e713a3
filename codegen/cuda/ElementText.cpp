// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels that move elements (kinds patch and pack), one thread an element.
#include "codegen/cuda/ElementText.h"
#include "dialect/Sizes.h"

#include "llvm/ADT/TypeSwitch.h"
#include <fmt/format.h>

using namespace mlir;

namespace dit::codegen::cuda {

void ElementPrinter::line(std::string statement) {
  out += indent + statement + "\n";
}

std::string ElementPrinter::let(StringRef prefix, std::string value) {
  std::string name = fmt::format("{}{}", prefix.str(), ++count);
  line(fmt::format("const {} {} = {};", integer, name, value));
  return name;
}

ElementPrinter::Result ElementPrinter::at(Value value, StringRef index) {
  if (isa<BlockArgument>(value)) {
    unsigned i = operandOf(value);
    const Place &place = text.kernel.operands[i];
    return readElement(place,
                       elementAddress(place, text.operandName(i), index));
  }
  return llvm::TypeSwitch<Operation *, Result>(value.getDefiningOp())
      .Case([&](ReshapeOp op) { return at(op.getX(), index); })
      .Case([&](CastOp op) { return cast(op, index); })
      .Case([&](PackOp op) { return pack(op, index); })
      .Case([&](AddOp op) { return binary(op, '+', index); })
      .Case([&](MulOp op) { return binary(op, '*', index); })
      .Case([&](ConcatOp op) { return concat(op, index); })
      .Case([&](PatchifyOp op) { return patch(op, index); })
      .Case([&](UnpatchifyOp op) { return unpatch(op, index); })
      .Default([&](Operation *op) -> Result {
        return op->emitOpError("cannot be printed for CUDA in a region that "
                               "moves elements");
      });
}

ElementPrinter::Result ElementPrinter::cast(CastOp op, StringRef index) {
  auto element = at(op.getX(), index);
  bool rounds =
      op.getType().getElementType().isBF16() && !isRoundedWhenStored(op);
  if (failed(element) || !rounds)
    return element;
  return "roundToBf16(" + *element + ")";
}

/// (N, T, (c, i, j)) from (N, C, H, W).
ElementPrinter::Result ElementPrinter::patch(PatchifyOp op, StringRef index) {
  ArrayRef<int64_t> shape = op.getX().getType().getShape();
  const int64_t p = op.getPatch(), grid = shape[3] / p;
  const int64_t vector = shape[1] * p * p;
  std::string t = let("t", fmt::format("{} / {}", index.str(), vector));
  std::string e = let("e", fmt::format("{} % {}", index.str(), vector));
  std::string y =
      let("y", fmt::format("{} / {} * {} + {} / {} % {}", t, grid, p, e, p, p));
  std::string x =
      let("x", fmt::format("{} % {} * {} + {} % {}", t, grid, p, e, p));
  return at(op.getX(), let("i", fmt::format("({} / {} * {} + {}) * {} + {}", e,
                                            p * p, shape[2], y, shape[3], x)));
}

/// (N, C, H, W) from (N, T, (i, j, c)).
ElementPrinter::Result ElementPrinter::unpatch(UnpatchifyOp op,
                                               StringRef index) {
  ArrayRef<int64_t> shape = op.getType().getShape();
  const int64_t p = op.getPatch(), grid = shape[3] / p, channels = shape[1];
  std::string c =
      let("c", fmt::format("{} / {}", index.str(), shape[2] * shape[3]));
  std::string y =
      let("y", fmt::format("{} / {} % {}", index.str(), shape[3], shape[2]));
  std::string x = let("x", fmt::format("{} % {}", index.str(), shape[3]));
  std::string t =
      let("t", fmt::format("{} / {} * {} + {} / {}", y, p, grid, x, p));
  return at(
      op.getX(),
      let("i", fmt::format("{} * {} + ({} % {} * {} + {} % {}) * {} + {}", t,
                           p * p * channels, y, p, p, x, p, channels, c)));
}

ElementPrinter::Result ElementPrinter::concat(ConcatOp op, StringRef index) {
  ArrayRef<int64_t> shape = op.getType().getShape();
  int64_t inner = 1; // elements of one index along the dimension
  for (int64_t size : shape.drop_front(op.getDim() + 1))
    inner *= size;
  const int64_t whole = inner * shape[op.getDim()];
  bool isOuter = whole == elementsOf(op.getType()); // nothing is before it
  std::string o, r = index.str();
  if (!isOuter) {
    o = let("o", fmt::format("{} / {}", index.str(), whole));
    r = let("r", fmt::format("{} % {}", index.str(), whole));
  }
  std::string value = fmt::format("v{}", ++count), outer = indent;
  line("float " + value + ";");
  int64_t begin = 0;
  for (auto [i, x] : llvm::enumerate(op.getXs())) {
    const int64_t size =
        inner * cast<RankedTensorType>(x.getType()).getDimSize(op.getDim());
    bool isLast = i + 1 == op.getXs().size();
    out += i ? " else " : outer;
    out += isLast ? "{\n" : fmt::format("if ({} < {}) {{\n", r, begin + size);
    indent = outer + "  ";
    std::string from = isOuter ? "" : fmt::format("{} * {} + ", o, size);
    std::string to = begin ? fmt::format(" - {}", begin) : "";
    auto element =
        at(x, from.empty() && to.empty() ? r : let("i", from + r + to));
    if (failed(element))
      return failure();
    line(value + " = " + *element + ";");
    out += outer + "}";
    begin += size;
  }
  indent = outer;
  out += "\n";
  return value;
}

ElementPrinter::Result ElementPrinter::binary(Operation *op, char sign,
                                              StringRef index) {
  Value lhs = op->getOperand(0), rhs = op->getOperand(1);
  std::string second = index.str();
  // An rhs that lacks a static first dimension repeats along it.
  if (elementsOf(rhs.getType()) != elementsOf(lhs.getType()))
    second =
        let("i", fmt::format("{} % {}", second, elementsOf(rhs.getType())));
  auto a = at(lhs, index), b = at(rhs, second);
  if (failed(a) || failed(b))
    return failure();
  return fmt::format("({} {} {})", *a, sign, *b);
}

ElementPrinter::Result ElementPrinter::pack(PackOp op, StringRef index) {
  // A panel of one feature is the weight as it was.
  if (!op.getLayout() || isRowMajor(*op.getLayout()))
    return at(op.getW(), index);
  return op.emitOpError() << "cannot be printed for CUDA: weights stay "
                             "row-major, but the result is "
                          << op.getType();
}

LogicalResult printElements(KernelText &text) {
  constexpr int kThreads = 256;
  std::string statements;
  int64_t most = 0;
  for (const Place &place : text.kernel.results)
    most = std::max(most, elementsOf(place.type));
  const bool isLong = most > INT32_MAX - kThreads;
  ElementPrinter printer(text, statements, "    ", isLong);
  for (auto [r, value] :
       llvm::enumerate(text.block().getTerminator()->getOperands())) {
    const Place &place = text.kernel.results[r];
    statements += fmt::format("  if (i < {}) {{\n", elementsOf(place.type));
    auto element = printer.at(value, "i");
    if (failed(element))
      return failure();
    std::string to = elementAddress(place, text.resultName(r), "i");
    statements += "    " + writeElement(place, to, *element) + ";\n  }\n";
  }
  bool isBatched = text.isBatched();
  text.launch.threads = kThreads;
  text.note = "One thread an element.";
  text.launch.grid = {{0, most, kThreads}};
  if (isBatched)
    text.launch.grid.push_back(tilesOfRows(text, 1));
  text.body =
      fmt::format("  const {} i = blockIdx.x * {}{} + threadIdx.x;\n",
                  isLong ? "long long" : "int", kThreads, isLong ? "ll" : "");
  if (isBatched)
    text.body += "  const int sample = blockIdx.y;\n";
  text.body += tableRows(text, statements, "  ");
  text.body += statements;
  return success();
}

} // namespace dit::codegen::cuda
