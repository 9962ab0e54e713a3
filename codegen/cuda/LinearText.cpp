// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the kernels of all linears have in common.
#include "codegen/cuda/LinearText.h"
#include "codegen/cuda/ElementText.h"
#include "codegen/cuda/MmaTile.h"
#include "codegen/cuda/RowText.h"

#include <fmt/format.h>

using namespace mlir;

namespace dit::codegen::cuda {

namespace {

constexpr StringRef kIndent = "        ";

/// The one result's op.
Operation *lastOp(const KernelText &text) {
  return text.block().getTerminator()->getOperand(0).getDefiningOp();
}

/// What is written of it before the store.
Value lastValue(Operation *last) {
  auto unpatchify = dyn_cast<UnpatchifyOp>(last);
  return unpatchify ? Value(unpatchify.getX()) : last->getResult(0);
}

} // namespace

LinearText::LinearText(KernelText &text) : text(text) {
  for (Operation &op : text.block())
    if (auto found = dyn_cast<LinearOp>(op))
      linear = found;
  tokens = tokensOf(linear.getType());
  features = linear.getType().getShape().back();
  depth = linear.getX().getType().getShape().back();
}

LinearShape LinearText::shape() const {
  int64_t samples = text.isBatched() ? text.batchHint : 1;
  return {samples * tokens, features, depth, hasRowPrologue(),
          weight().elementBytes()};
}

const Place &LinearText::weight() const {
  return text.kernel.operands[operandOf(LinearOp(linear).getWeight())];
}

std::string LinearText::weightName() const {
  return text.operandName(operandOf(LinearOp(linear).getWeight()));
}

std::string LinearText::xName() const {
  return text.operandName(operandOf(LinearOp(linear).getX()));
}

bool LinearText::hasRowPrologue() const {
  Operation *op = LinearOp(linear).getX().getDefiningOp();
  return op && !isa<PatchifyOp>(op);
}

bool LinearText::isBf16() const {
  return weight().type.getElementType().isBF16();
}

bool LinearText::isForTensorCores() const {
  return isBf16() || LinearOp(linear).multiplies() == Multiply::TF32;
}

bool LinearText::isCopiable() const {
  const int64_t word = 16 / weight().elementBytes();
  auto isPacked = [&](unsigned index) {
    const Place &place = text.kernel.operands[index];
    ArrayRef<int64_t> strides = place.strides;
    bool isWhole = !place.isBatched() || strides[0] == tokens * depth;
    return text.operandSteps[index] % word == 0 && isWhole && !place.gathered &&
           strides.back() == 1 && (tokens == 1 || strides[1] == depth);
  };
  LinearOp op = linear;
  bool isMade = !isa<BlockArgument>(op.getX());
  return depth % word == 0 &&
         text.operandSteps[operandOf(op.getWeight())] % word == 0 &&
         (isMade ? hasRowPrologue() : isPacked(operandOf(op.getX())));
}

int LinearText::neighbours(int most) const {
  Operation *last = lastOp(text);
  if (isa<UnpatchifyOp>(last))
    return 1;
  int count = most;
  auto meet = [&](const Place &place, int64_t step) {
    while (place.type.getShape().back() % count ||
           !rowsBeginAt(place, step, count))
      count /= 2;
  };
  meet(text.kernel.results[0], text.resultSteps[0]);
  auto meetOperand = [&](Value value) {
    if (isa_and_present<BlockArgument>(value))
      meet(text.kernel.operands[operandOf(value)],
           text.operandSteps[operandOf(value)]);
  };
  meetOperand(LinearOp(linear).getBias());
  for (Operation *op = last; !isa<LinearOp>(op); op = op->getPrevNode())
    llvm::for_each(op->getOperands(), meetOperand);
  return count;
}

FailureOr<std::string> LinearText::elementFunction() {
  std::string statements, value;
  if (linear.getX().getDefiningOp()) {
    ElementPrinter printer(text, statements, kIndent);
    statements +=
        fmt::format("{}const int i = token * {} + k;\n", kIndent.str(), depth);
    auto element = printer.at(linear.getX(), "i");
    if (failed(element))
      return failure();
    value = *element;
  } else {
    const Place &place = text.kernel.operands[operandOf(linear.getX())];
    value = readElement(place, rowAddress(place, xName(), "k"));
  }
  statements += kIndent.str() + "return " + value + ";\n";
  return fmt::format("[&](int row, int k) {{\n{}{}      }}",
                     rowPosition(text, statements, tokens, kIndent),
                     statements);
}

std::string LinearText::rowFunction(bool rounded) {
  std::string statements;
  ExpressionPrinter printer = rowPrinter(text, statements, kIndent);
  std::string value = printer.at(linear.getX()).str();
  if (rounded && isBf16())
    value = "roundToBf16(" + value + ")";
  statements += kIndent.str() + "return " + value + ";\n";
  return fmt::format("[&](int row) {{\n{}{}      }}",
                     rowPosition(text, statements, tokens, kIndent),
                     statements);
}

/// The operand's elements at (row, column) and beside it.
std::string LinearText::read(BlockArgument operand, int neighbours,
                             StringRef column) const {
  unsigned index = operandOf(operand);
  const Place &place = text.kernel.operands[index];
  std::string address = rowAddress(place, text.operandName(index), column);
  return neighbours == 1 ? readElement(place, address)
                         : fmt::format("load{}({})", neighbours, address);
}

/// Turns the linear's result: whole pairs, or one against its pair's other.
std::string LinearText::rotate(RotateOp op, int neighbours) const {
  unsigned table = operandOf(op.getTable());
  const Place &place = text.kernel.operands[table];
  std::string x = text.names[op.getX()].str();
  if (neighbours == 1) {
    x += ", other";
    if (Value bias = LinearOp(linear).getBias()) {
      // What is not turned may have nothing beside it.
      std::string beside =
          fmt::format("(column ^ (column < {}))", op.getFeatures());
      x += " + " + read(cast<BlockArgument>(bias), 1, beside);
    }
  }
  return fmt::format("rotate<{}, {}>({}, {}, column)", op.getFeatures(),
                     place.type.getShape().back(), x,
                     rowAddress(place, text.operandName(table)));
}

std::string LinearText::epilogue(int neighbours) {
  std::string statements, sum = "sum";
  if (linear.getBias())
    sum += " + " + read(cast<BlockArgument>(linear.getBias()), neighbours);
  statements += fmt::format("{}const auto {} = {};\n", kIndent.str(),
                            text.names[linear].str(), sum);
  ExpressionPrinter printer(
      text.names, statements, kIndent,
      [&](BlockArgument operand) { return read(operand, neighbours); },
      [&](Operation *op) { return rotate(cast<RotateOp>(op), neighbours); });
  printer.define(linear);

  Operation *last = lastOp(text);
  std::string name = printer.at(lastValue(last)).str();
  statements += store(last, name, neighbours);
  std::string sums = fmt::format("float{} sum", neighbours);
  if (neighbours == 1)
    sums = namesWord(statements, "other") ? "float sum, float other"
                                          : "float sum, float";
  return fmt::format("[&](int row, int column, {}) {{\n{}{}      }}", sums,
                     rowPosition(text, statements, tokens, kIndent),
                     statements);
}

std::string LinearText::pairEpilogue() {
  return neighbours(2) == 2
             ? epilogue(2)
             : fmt::format("oneByOne({}, {})", features, epilogue(1));
}

/// To the elements of the result that (row, column) and those beside it are.
std::string LinearText::store(Operation *last, StringRef name,
                              int neighbours) const {
  const Place &place = text.kernel.results[0];
  std::string address = rowAddress(place, text.resultName(0), "column");
  auto unpatchify = dyn_cast<UnpatchifyOp>(last);
  if (!unpatchify && neighbours > 1)
    return fmt::format("{}store{}({}, {});\n", kIndent.str(), neighbours,
                       address, name.str());
  if (!unpatchify)
    return kIndent.str() + writeElement(place, address, name) + ";\n";
  ArrayRef<int64_t> shape = place.type.getShape();
  int64_t channels = shape[1], height = shape[2], width = shape[3],
          patch = unpatchify.getPatch(), grid = width / patch;
  return fmt::format(
             "{0}const int channel = column % {1};\n"
             "{0}const int pixel_y = token / {2} * {3} + column / {4};\n"
             "{0}const int pixel_x = token % {2} * {3} + column / {1} % {3};\n"
             "{0}const int i = (channel * {5} + pixel_y) * {6} + "
             "pixel_x;\n{0}",
             kIndent.str(), channels, grid, patch, channels * patch, height,
             width) +
         writeElement(place, elementAddress(place, text.resultName(0), "i"),
                      name) +
         ";\n";
}

MatmulTemplate chooseMatmul(const LinearText &linear) {
  if (isForWgmma(linear))
    return MatmulTemplate::Wgmma;
  if (linear.isForTensorCores() && linear.isCopiable() &&
      chooseMmaTile(linear.shape(), linear.text.arch))
    return MatmulTemplate::Mma;
  return MatmulTemplate::F32;
}

/// Row-major (M, K), or panels of one feature.
static LogicalResult checkWeight(const LinearText &linear) {
  const Place &place = linear.weight();
  LayoutAttr layout = LinearOp(linear.linear).packedIn();
  if ((layout && !isRowMajor(layout)) || place.strides[0] != linear.depth ||
      place.isBatched())
    return linear.text.op().emitOpError()
           << "cannot be printed for CUDA: the weight of its linear must be "
              "row-major (M, K), but is "
           << place.type;
  return success();
}

LogicalResult printLinear(KernelText &text) {
  LinearText linear(text);
  if (failed(checkWeight(linear)))
    return failure();
  if (linear.linear.multiplies() == Multiply::BF16 && !linear.isBf16())
    return linear.linear.emitOpError("cannot be printed for CUDA: what is "
                                     "multiplied as bf16 must be cast to it");
  if (linear.linear.isByCublasLt())
    return describeLibraryMatmul(linear);
  switch (chooseMatmul(linear)) {
  case MatmulTemplate::F32:
    if (linear.isForTensorCores() && !linear.isBf16())
      return linear.linear.emitOpError()
             << "cannot be printed for CUDA: tensor cores multiply tf32, but "
                "no tile of theirs takes its rows of "
             << linear.depth << " features";
    return printMatmulF32(linear);
  case MatmulTemplate::Mma:
    return printMatmulMma(linear);
  case MatmulTemplate::Wgmma:
    return printMatmulWgmma(linear);
  }
  return failure();
}

} // namespace dit::codegen::cuda
