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

/// Each element of a row on its own: the two sinusoids.
LogicalResult printSinusoid(KernelText &text, Operation *op) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  int64_t width = type.getShape().back(), tokens = tokensOf(type);
  std::string element;
  if (auto embedding = dyn_cast<TimestepEmbeddingOp>(op)) {
    element = fmt::format(
        "timestep_embedding<{}>({}, column, {}, {})", width,
        elementAt(rowAddress(text.kernel.operands[0], text.operandName(0))),
        embedding.getMaxPeriod().convertToDouble(), embedding.getShift());
  } else {
    auto grid = cast<SincosPositionOp>(op);
    auto scale = [](double factor) {
      return factor == 1 ? "" : fmt::format(" * {}", factor);
    };
    element =
        fmt::format("sincos_position<{}>(token / {}{}, token % {}{}, column)",
                    width, grid.getGridWidth(), scale(grid.getRowScale()),
                    grid.getGridWidth(), scale(grid.getColumnScale()));
  }
  const Place &result = text.kernel.results[0];
  std::string statements = fmt::format(
      "  {};\n",
      writeElement(result, rowAddress(result, text.resultName(0), "column"),
                   "\n        " + element));
  text.note = "One thread an element, one block a row.";
  text.launch.grid = {tilesOfRows(text, tokens)};
  text.body = "  const int row = blockIdx.x;\n" +
              rowPosition(statements, tokens, "  ") +
              fmt::format("  for (int column = threadIdx.x; column < {}; "
                          "column += {})\n  {}",
                          width, text.launch.threads, statements);
  return success();
}

} // namespace

ExpressionPrinter rowPrinter(const KernelText &text, std::string &out,
                             StringRef indent) {
  auto load = [&text](unsigned index, std::string address) {
    const Place &place = text.kernel.operands[index];
    return fmt::format("load{}<{}>({})",
                       isAligned(place, text.operandSteps[index]) ? ""
                                                                  : "Anywhere",
                       place.type.getShape().back(), address);
  };
  return ExpressionPrinter(
      text.names, out, indent,
      [=, &text](BlockArgument argument) {
        unsigned index = argument.getArgNumber();
        return load(index, rowAddress(text.kernel.operands[index],
                                      text.operandName(index)));
      },
      [=, &text](EmbeddingOp op) {
        unsigned table = cast<BlockArgument>(op.getTable()).getArgNumber();
        unsigned y = cast<BlockArgument>(op.getIndex()).getArgNumber();
        std::string label = fmt::format(
            "labelRow({}, {})",
            elementAt(rowAddress(text.kernel.operands[y], text.operandName(y))),
            op.getTable().getType().getDimSize(0) - 1);
        return load(table,
                    fmt::format("{} + {} * {}ll", text.operandName(table),
                                label, text.kernel.operands[table].strides[0]));
      });
}

LogicalResult printRow(KernelText &text) {
  Operation &first = text.block().front();
  if (isa<TimestepEmbeddingOp, SincosPositionOp>(first))
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
              rowPosition(statements, tokens, "  ") + statements;
  return success();
}

} // namespace dit::codegen::cuda
