// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linear kernels: a matmul's tile, with what stands before the linear as the
// function that gives x, and what stands after it as the function that takes
// the sums.
#include "codegen/cuda/ElementText.h"
#include "codegen/cuda/RowText.h"

#include <fmt/format.h>

using namespace mlir;

namespace dit::codegen::cuda {

namespace {

constexpr StringRef kIndent = "        ";
constexpr int kTileColumns = 64;

class LinearText {
public:
  explicit LinearText(KernelText &text) : text(text) {
    for (Operation &op : text.block())
      if (auto found = dyn_cast<LinearOp>(op))
        linear = found;
    tokens = tokensOf(linear.getType());
    features = linear.getType().getShape().back();
    depth = linear.getX().getType().getShape().back();
  }

  LogicalResult print();

private:
  unsigned argument(Value value) {
    return cast<BlockArgument>(value).getArgNumber();
  }
  LogicalResult checkWeight();
  /// Before the linear there are ops that need whole rows.
  bool hasRowPrologue() {
    Operation *op = linear.getX().getDefiningOp();
    return op && !isa<PatchifyOp>(op);
  }
  int64_t tileRows();
  int64_t sharedBytes();
  std::string tile();
  FailureOr<std::string> xFunction();
  std::string epilogue();
  std::string store(Operation *last);

  KernelText &text;
  LinearOp linear;
  int64_t tokens, features, depth;
};

LogicalResult LinearText::checkWeight() {
  const Place &place = text.kernel.operands[argument(linear.getWeight())];
  bool isPanelOfOne =
      place.type.getRank() == 2 || place.type.getShape().back() == 1;
  if (!isPanelOfOne || place.strides[0] != depth || place.isBatched())
    return text.op().emitOpError()
           << "cannot be printed for CUDA: the weight of its linear must be "
              "row-major (M, K), but is "
           << place.type;
  return success();
}

/// Rows that are computed before the matmul stay in shared memory: 40 KB of it,
/// which with the tiles is what a kernel gets without asking. Eight rows of
/// more than 1280 features take more.
int64_t LinearText::tileRows() {
  constexpr int64_t kMostFloats = 10 << 10;
  return !hasRowPrologue() ? 32 : 16 * depth <= kMostFloats ? 16 : 8;
}

/// A step's tiles of x and of the weight, and the rows.
int64_t LinearText::sharedBytes() {
  int64_t tiles = 16 * (tileRows() + 1 + kTileColumns + 1);
  if (!hasRowPrologue())
    return tiles * 4;
  return ((tiles + 3) / 4 * 4 + tileRows() * depth) * 4;
}

std::string LinearText::tile() {
  return fmt::format("MatmulF32<{}, {}, {}>", tileRows(), kTileColumns, depth);
}

/// The function that gives x(row, k), or the whole row.
FailureOr<std::string> LinearText::xFunction() {
  std::string statements, value;
  if (hasRowPrologue()) {
    ExpressionPrinter printer = rowPrinter(text, statements, kIndent);
    value = printer.at(linear.getX()).str();
  } else if (linear.getX().getDefiningOp()) {
    ElementPrinter printer(text, statements, kIndent);
    statements +=
        fmt::format("{}const int i = token * {} + k;\n", kIndent.str(), depth);
    auto element = printer.at(linear.getX(), "i");
    if (failed(element))
      return failure();
    value = *element;
  } else {
    unsigned x = argument(linear.getX());
    value = elementAt(
        rowAddress(text.kernel.operands[x], text.operandName(x), "k"));
  }
  statements += kIndent.str() + "return " + value + ";\n";
  return fmt::format("[&](int row{}) {{\n{}{}      }}",
                     hasRowPrologue() ? "" : ", int k",
                     rowPosition(statements, tokens, kIndent), statements);
}

/// The function that takes the sum at (row, column).
std::string LinearText::epilogue() {
  std::string statements, sum = "sum";
  if (linear.getBias()) {
    unsigned bias = argument(linear.getBias());
    sum += " + " + elementAt(rowAddress(text.kernel.operands[bias],
                                        text.operandName(bias), "column"));
  }
  statements += fmt::format("{}const auto {} = {};\n", kIndent.str(),
                            text.names[linear].str(), sum);
  ExpressionPrinter printer(
      text.names, statements, kIndent,
      [this](BlockArgument operand) {
        unsigned index = operand.getArgNumber();
        return elementAt(rowAddress(text.kernel.operands[index],
                                    text.operandName(index), "column"));
      },
      [](LabelEmbeddingOp) { return std::string(); }); // no epilogue holds one
  printer.define(linear);

  Operation *last = text.block().getTerminator()->getOperand(0).getDefiningOp();
  Value value = last->getResult(0);
  if (auto unpatchify = dyn_cast<UnpatchifyOp>(last))
    value = unpatchify.getX();
  std::string name = printer.at(value).str();
  statements += store(last) + " = " + name + ";\n";
  return fmt::format("[&](int row, int column, float sum) {{\n{}{}      }}",
                     rowPosition(statements, tokens, kIndent), statements);
}

/// The element of the result that (row, column) is.
std::string LinearText::store(Operation *last) {
  const Place &place = text.kernel.results[0];
  auto unpatchify = dyn_cast<UnpatchifyOp>(last);
  if (!unpatchify)
    return kIndent.str() +
           elementAt(rowAddress(place, text.resultName(0), "column"));
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
         elementAt(elementAddress(place, text.resultName(0), "i"));
}

LogicalResult LinearText::print() {
  if (failed(checkWeight()))
    return failure();
  auto x = xFunction();
  if (failed(x))
    return failure();
  std::string count = rowCount(text, tokens);
  text.launch.sharedBytes = sharedBytes();
  unsigned weight = argument(linear.getWeight());
  text.body = fmt::format("  using Tile = {};\n{}  DIT_SHARED(shared);\n  "
                          "Tile::{}(\n      shared,\n"
                          "      {},\n      {}, {}, {},\n      {});\n",
                          tile(),
                          assertSharedBytes(hasRowPrologue()
                                                ? "Tile::kSharedBytesWithRows"
                                                : "Tile::kSharedBytes",
                                            text.launch.sharedBytes),
                          hasRowPrologue() ? "runRows" : "run", *x, count,
                          text.operandName(weight), features, epilogue());
  text.note = fmt::format("One block a tile; {} deep.", depth);
  text.launch.grid = {{0, features, kTileColumns},
                      tilesOfRows(text, tokens, tileRows())};
  return success();
}

} // namespace

LogicalResult printLinear(KernelText &text) { return LinearText(text).print(); }

} // namespace dit::codegen::cuda
