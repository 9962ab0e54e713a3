// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/cuda/LibraryMatmul.h"
#include "codegen/cuda/LinearText.h"

using namespace mlir;

namespace dit::codegen::cuda {

namespace {

/// Rows of `width` elements behind one another over all samples, each row and
/// every launch's first one at a multiple of 16 bytes.
bool arePackedRows(const Place &place, int64_t step, int64_t width) {
  if (place.gathered || place.type.getShape().back() != width ||
      width * place.elementBytes() % 16 || step * place.elementBytes() % 16)
    return false;
  int64_t packed = 1;
  for (size_t dim = place.strides.size(); dim-- > 0;) {
    bool isOne = place.type.getDimSize(dim) == 1;
    if (!isOne && place.strides[dim] != packed)
      return false;
    if (!place.type.isDynamicDim(dim))
      packed *= place.type.getDimSize(dim);
  }
  return true;
}

/// What manifests call the element type; empty for those that no library takes.
std::string manifestType(const Place &place) {
  Type element = place.type.getElementType();
  return element.isBF16() ? "bf16" : element.isF32() ? "f32" : "";
}

/// What follows the linear: nothing, or GELU's tanh form, then maybe a cast.
std::optional<std::string> epilogueOf(LinearOp linear) {
  std::string name = linear.getBias() ? "bias" : "none";
  for (Operation *op = linear->getNextNode(); !isa<YieldOp>(op);
       op = op->getNextNode()) {
    auto gelu = dyn_cast<GeluOp>(op);
    bool isGelu = gelu && gelu.getForm() == GeluForm::Tanh && name == "bias";
    bool isLastCast = isa<CastOp>(op) && isa<YieldOp>(op->getNextNode());
    if (!isGelu && !isLastCast)
      return std::nullopt;
    if (isGelu)
      name = "gelu_tanh_bias";
  }
  return name;
}

} // namespace

std::optional<LibraryMatmul> libraryMatmul(const LinearText &linear,
                                           bool tf32) {
  LinearOp op = linear.linear;
  const KernelText &text = linear.text;
  if (!isa<BlockArgument>(op.getX()) || text.kernel.results.size() != 1)
    return std::nullopt;
  auto epilogue = epilogueOf(op);
  if (!epilogue)
    return std::nullopt;

  LibraryMatmul matmul;
  auto isPacked = [&](int operand, int64_t width) {
    return arePackedRows(text.kernel.operands[operand],
                         text.operandSteps[operand], width);
  };
  matmul.x = operandOf(op.getX());
  matmul.weight = operandOf(op.getWeight());
  matmul.out = text.kernel.operands.size();
  const Place &x = text.kernel.operands[matmul.x];
  const Place &out = text.kernel.results[0];
  matmul.type = manifestType(x);
  matmul.outType = manifestType(out);
  if (!isPacked(matmul.x, linear.depth) ||
      !arePackedRows(out, text.resultSteps[0], linear.features) ||
      text.operandSteps[matmul.weight] * x.elementBytes() % 16 ||
      matmul.type.empty() || matmul.outType.empty())
    return std::nullopt;
  if (op.getBias()) {
    matmul.bias = operandOf(op.getBias());
    if (manifestType(text.kernel.operands[*matmul.bias]) != matmul.outType ||
        !isPacked(*matmul.bias, linear.features))
      return std::nullopt;
  }
  if (tf32 && matmul.type == "f32")
    matmul.type = "tf32";
  const GridDim rows = tilesOfRows(text, linear.tokens);
  matmul.rowsPerSample = rows.perRow;
  matmul.fixedRows = rows.fixed;
  matmul.n = linear.features;
  matmul.k = linear.depth;
  matmul.epilogue = *epilogue;
  return matmul;
}

} // namespace dit::codegen::cuda
