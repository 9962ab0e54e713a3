// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention kernels: a call of the template, which does all of it.
#include "codegen/cuda/KernelText.h"

#include <cmath>
#include <fmt/format.h>

using namespace mlir;

namespace dit::codegen::cuda {

LogicalResult printAttention(KernelText &text) {
  auto op = cast<AttentionOp>(text.block().front());
  const int64_t headDim = op.getHeadDim(), tokens = tokensOf(op.getType());
  auto begin = [&](const Place &place, StringRef pointer) {
    return fmt::format("{} + head * {}, {}", sampleAddress(place, pointer),
                       headDim, place.strides[1]);
  };
  auto operand = [&](Value value) {
    unsigned index = cast<BlockArgument>(value).getArgNumber();
    return begin(text.kernel.operands[index], text.operandName(index));
  };
  std::string call =
      fmt::format("  Head::run(shared,\n            {}, {},\n            {},\n"
                  "            {}, {},\n            {}, {}f);\n",
                  operand(op.getQ()), tokens, operand(op.getK()),
                  operand(op.getV()), tokensOf(op.getK().getType()),
                  begin(text.kernel.results[0], text.resultName(0)),
                  (float)(1 / std::sqrt((double)headDim)));
  std::string head = fmt::format("AttentionF32<{}>", headDim);
  // Queries, keys and values, and a weight for each query and key.
  const int64_t pitch = headDim + 1 - headDim % 2;
  const int64_t sharedBytes = (16 * headDim + 2 * 32 * pitch + 16 * 32) * 4;
  text.body =
      "  using Head = " + head + ";\n" +
      assertSharedBytes("Head::kSharedBytes", sharedBytes) +
      "  DIT_SHARED(shared);\n"
      "  const int head = blockIdx.y, sample = blockIdx.z;\n" +
      (text.isGathered() ? "  const int condition = row_index[sample];\n"
                         : "") +
      call;
  text.note = "One block 16 queries of a head.";
  text.launch.grid = {
      {0, tokens, 16}, {0, (int64_t)op.getHeads()}, tilesOfRows(text, 1)};
  text.launch.sharedBytes = sharedBytes;
  return success();
}

} // namespace dit::codegen::cuda
