// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/cuda/LibraryMatmul.h"
#include "codegen/cuda/LinearText.h"
#include "dialect/Matmul.h"

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

/// What manifests call the element type.
std::string manifestType(const Place &place) {
  return place.type.getElementType().isBF16() ? "bf16" : "f32";
}

StringRef manifestName(CublasLtEpilogue epilogue) {
  switch (epilogue) {
  case CublasLtEpilogue::None:
    return "none";
  case CublasLtEpilogue::Bias:
    return "bias";
  case CublasLtEpilogue::GeluTanhBias:
    return "gelu_tanh_bias";
  }
  return "";
}

} // namespace

LogicalResult describeLibraryMatmul(LinearText &linear) {
  LinearOp op = linear.linear;
  KernelText &text = linear.text;
  CublasLtEpilogue epilogue;
  if (std::string fault = cublasLtFault(op, epilogue); !fault.empty())
    return op.emitOpError("cannot be cuBLASLt's: ") << fault;

  LibraryMatmul matmul;
  matmul.x = operandOf(op.getX());
  matmul.weight = operandOf(op.getWeight());
  matmul.out = text.kernel.operands.size();
  const Place &x = text.kernel.operands[matmul.x];
  const Place &out = text.kernel.results[0];
  auto isPacked = [&](int operand, int64_t width) {
    return arePackedRows(text.kernel.operands[operand],
                         text.operandSteps[operand], width);
  };
  bool arePacked =
      isPacked(matmul.x, linear.depth) &&
      arePackedRows(out, text.resultSteps[0], linear.features) &&
      text.operandSteps[matmul.weight] * x.elementBytes() % 16 == 0;
  if (op.getBias()) {
    matmul.bias = operandOf(op.getBias());
    arePacked = arePacked && isPacked(*matmul.bias, linear.features);
  }
  if (!arePacked)
    return op.emitOpError("cannot be cuBLASLt's: its rows must follow one "
                          "another, each at a multiple of 16 bytes");
  matmul.type = stringifyMultiply(op.multiplies());
  matmul.outType = manifestType(out);
  const GridDim rows = tilesOfRows(text, linear.tokens);
  matmul.rowsPerSample = rows.perRow;
  matmul.fixedRows = rows.fixed;
  matmul.n = linear.features;
  matmul.k = linear.depth;
  matmul.epilogue = manifestName(epilogue);
  text.launch.matmul = std::move(matmul);
  return success();
}

} // namespace dit::codegen::cuda
