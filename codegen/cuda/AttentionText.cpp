// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention kernels: a call of the template, which does all of it.
#include "codegen/cuda/KernelText.h"

#include <cmath>
#include <fmt/format.h>

using namespace mlir;

namespace dit::codegen::cuda {

namespace {

/// One of the two templates, by the head's size.
struct Head {
  std::string type;
  int64_t queries; ///< of a block
  int64_t sharedBytes;
};

/// On tensor cores: 64 queries, and two blocks of 64 keys and values, of bf16.
Head mmaHead(int64_t headDim) {
  const int64_t pitch = (headDim + 15) / 16 * 16 + 8;
  return {fmt::format("Attention<{}>", headDim), 64, (64 + 4 * 64) * pitch * 2};
}

/// In float32: 16 queries, 32 keys and values, and the weight of each pair.
Head f32Head(int64_t headDim) {
  const int64_t pitch = headDim + 1 - headDim % 2;
  return {fmt::format("AttentionF32<{}>", headDim), 16,
          (16 * headDim + 2 * 32 * pitch + 16 * 32) * 4};
}

/// Tensor cores take bf16 heads of a multiple of eight, up to what a warp's
/// registers hold, from where 16-byte copies can read them.
Head chooseHead(const KernelText &text, AttentionOp op) {
  constexpr int64_t kMostHeadDim = 128;
  const int64_t headDim = op.getHeadDim();
  bool isCopiable = headDim % 8 == 0 && headDim <= kMostHeadDim;
  for (Value value : op->getOperands()) {
    unsigned index = operandOf(value);
    const Place &place = text.kernel.operands[index];
    isCopiable &= place.type.getElementType().isBF16() &&
                  rowsBeginAt(place, text.operandSteps[index], 8);
  }
  isCopiable &= rowsBeginAt(text.kernel.results[0], text.resultSteps[0], 2);
  return isCopiable ? mmaHead(headDim) : f32Head(headDim);
}

} // namespace

LogicalResult printAttention(KernelText &text) {
  auto op = cast<AttentionOp>(text.block().front());
  const int64_t headDim = op.getHeadDim(), tokens = tokensOf(op.getType());
  auto begin = [&](const Place &place, StringRef pointer) {
    return fmt::format("{} + head * {}, {}", sampleAddress(place, pointer),
                       headDim, place.strides[1]);
  };
  auto operand = [&](Value value) {
    unsigned index = operandOf(value);
    return begin(text.kernel.operands[index], text.operandName(index));
  };
  std::string call =
      fmt::format("  Head::run(shared,\n            {}, {},\n            {},\n"
                  "            {}, {},\n            {}, {}f);\n",
                  operand(op.getQ()), tokens, operand(op.getK()),
                  operand(op.getV()), tokensOf(op.getK().getType()),
                  begin(text.kernel.results[0], text.resultName(0)),
                  (float)(1 / std::sqrt((double)headDim)));
  const Head head = chooseHead(text, op);
  if (head.sharedBytes > text.arch.sharedBytes)
    return text.op().emitOpError()
           << "cannot be printed for CUDA: a head of " << headDim
           << " features takes " << head.sharedBytes
           << " bytes of shared memory, but " << text.arch.name << " has "
           << text.arch.sharedBytes;
  text.body = "  using Head = " + head.type + ";\n" +
              assertSharedBytes("Head::kSharedBytes", head.sharedBytes) +
              "  DIT_SHARED(shared);\n"
              "  const int head = blockIdx.y, sample = blockIdx.z;\n" +
              tableRows(text, call, "  ") + call;
  text.note = fmt::format("One block {} queries of a head.", head.queries);
  text.launch.grid = {{0, tokens, head.queries},
                      {0, (int64_t)op.getHeads()},
                      tilesOfRows(text, 1)};
  text.launch.sharedBytes = head.sharedBytes;
  return success();
}

} // namespace dit::codegen::cuda
