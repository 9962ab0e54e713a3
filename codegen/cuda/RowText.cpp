// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Row kernels: a warp holds a token, and the body is the region's formula.
#include "codegen/cuda/RowText.h"

#include <fmt/format.h>

using namespace mlir;

namespace dit::codegen::cuda {

namespace {

constexpr int kTokensPerBlock = 4; // one a warp

/// Whether every row of the tensor begins where load and store want it: where
/// its chunks are whole accesses of at most 16 bytes.
bool isAligned(const Place &place, int64_t step) {
  int64_t width = place.type.getShape().back(), want = 1;
  int64_t most = 16 / place.elementBytes();
  while (want < most && width % (2 * want) == 0)
    want *= 2;
  return rowsBeginAt(place, step, want);
}

/// Row and column of a position table's token: `token / 8 * 0.5, token % 8`.
/// Tokens past the grid stand in its first place, where all angles are 0.
template <class PositionOp>
std::string gridPosition(PositionOp op, int64_t tokens) {
  const int64_t width = op.getGridWidth(), places = op.getGridHeight() * width;
  auto coordinate = [&](char sign, double scale) {
    std::string text = fmt::format("token {} {}", sign, width);
    if (tokens > places)
      text = fmt::format("(token < {} ? {} : 0)", places, text);
    return scale == 1 ? text : fmt::format("{} * {}", text, scale);
  };
  return coordinate('/', op.getRowScale()) + ", " +
         coordinate('%', op.getColumnScale());
}

/// Each element of a row on its own: the sinusoids.
LogicalResult printSinusoid(KernelText &text, Operation *op) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  int64_t width = type.getShape().back(), tokens = tokensOf(type);
  std::string element;
  if (auto embedding = dyn_cast<TimestepEmbeddingOp>(op)) {
    unsigned t = operandOf(embedding.getT());
    element = fmt::format(
        "timestep_embedding<{}>({}, column, {}, {})", width,
        elementAt(rowAddress(text.kernel.operands[t], text.operandName(t))),
        embedding.getMaxPeriod().convertToDouble(), embedding.getShift());
  } else if (auto rotary = dyn_cast<RotaryPositionOp>(op)) {
    element = fmt::format("rotary_position<{}>({}, column, {})", width,
                          gridPosition(rotary, tokens),
                          rotary.getTheta().convertToDouble());
  } else {
    element = fmt::format("sincos_position<{}>({}, column)", width,
                          gridPosition(cast<SincosPositionOp>(op), tokens));
  }
  const Place &result = text.kernel.results[0];
  std::string statements = fmt::format(
      "  {};\n",
      writeElement(result, rowAddress(result, text.resultName(0), "column"),
                   "\n        " + element));
  text.note = "One thread an element, one block a row.";
  text.launch.grid = {tilesOfRows(text, tokens)};
  text.body = "  const int row = blockIdx.x;\n" +
              rowPosition(text, statements, tokens, "  ") +
              fmt::format("  for (int column = threadIdx.x; column < {}; "
                          "column += {})\n  {}",
                          width, text.launch.threads, statements);
  return success();
}

std::string loadRow(const KernelText &text, unsigned index,
                    const std::string &address) {
  const Place &place = text.kernel.operands[index];
  return fmt::format("load{}<{}>({})",
                     isAligned(place, text.operandSteps[index]) ? ""
                                                                : "Anywhere",
                     place.type.getShape().back(), address);
}

/// The row of the table that a label or a timestep says.
std::string embed(const KernelText &text, EmbeddingOp op) {
  unsigned table = operandOf(op.getTable());
  unsigned index = operandOf(op.getIndex());
  bool isLabel = op.getIndex().getType().getElementType().isInteger();
  std::string row =
      fmt::format("{}({}, {})", isLabel ? "labelRow" : "timestepRow",
                  elementAt(rowAddress(text.kernel.operands[index],
                                       text.operandName(index))),
                  op.getTable().getType().getDimSize(0) - 1);
  return loadRow(text, table,
                 fmt::format("{} + {} * {}ll", text.operandName(table), row,
                             text.kernel.operands[table].strides[0]));
}

/// Lanes hold whole pairs, unless the row is of an odd number of features.
std::string rotateRow(const KernelText &text, RotateOp op) {
  unsigned table = operandOf(op.getTable());
  const Place &place = text.kernel.operands[table];
  bool isAnywhere = op.getType().getShape().back() % 2 ||
                    !isAligned(place, text.operandSteps[table]);
  return fmt::format("rotate{}<{}, {}>({}, {})", isAnywhere ? "Anywhere" : "",
                     op.getFeatures(), place.type.getShape().back(),
                     text.names[op.getX()].str(),
                     rowAddress(place, text.operandName(table)));
}

} // namespace

ExpressionPrinter rowPrinter(const KernelText &text, std::string &out,
                             StringRef indent) {
  return ExpressionPrinter(
      text.names, out, indent,
      [&text](BlockArgument argument) {
        unsigned index = operandOf(argument);
        return loadRow(
            text, index,
            rowAddress(text.kernel.operands[index], text.operandName(index)));
      },
      [&text](Operation *op) {
        auto embedding = dyn_cast<EmbeddingOp>(op);
        return embedding ? embed(text, embedding)
                         : rotateRow(text, cast<RotateOp>(op));
      });
}

LogicalResult printRow(KernelText &text) {
  Operation &first = text.block().front();
  if (isSinusoid(&first))
    return printSinusoid(text, &first);

  std::string statements;
  ExpressionPrinter printer = rowPrinter(text, statements, "  ");
  Operation *yield = text.block().getTerminator();
  for (Operation &op : text.block().without_terminator())
    (void)printer.at(op.getResult(0));
  for (auto [i, value] : llvm::enumerate(yield->getOperands())) {
    const Place &place = text.kernel.results[i];
    std::string name = printer.at(value).str();
    statements +=
        fmt::format("  store{}({}, {});\n",
                    isAligned(place, text.resultSteps[i]) ? "" : "Anywhere",
                    rowAddress(place, text.resultName(i)), name);
  }

  int64_t tokens = tokensOf(text.kernel.results[0].type);
  std::string count = rowCount(text, tokens);
  text.note = "One warp a token.";
  text.launch.grid = {tilesOfRows(text, tokens, kTokensPerBlock)};
  text.body = fmt::format("  const int row = blockIdx.x * {} + threadIdx.x / "
                          "32;\n  if (row >= {})\n    return;\n",
                          kTokensPerBlock, count) +
              rowPosition(text, statements, tokens, "  ") + statements;
  return success();
}

} // namespace dit::codegen::cuda
