// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// FuseConditioning: embeddings by a table + add + silu of c in one row region.
#include "passes/Passes.h"
#include "passes/Region.h"

using namespace mlir;

namespace dit {
#define GEN_PASS_DEF_FUSECONDITIONING
#include "passes/Passes.h.inc"

namespace {

constexpr StringLiteral kPass = "fuse-conditioning";

void fuseConditioning(RewriterBase &rewriter, AddOp add) {
  auto type = cast<RankedTensorType>(add.getType());
  if (type.getRank() != 2 || add.getRhs().getType() != type ||
      !isRowUnit(unitOf(add)))
    return;
  SmallVector<Operation *> units = {unitOf(add)};
  for (Value operand : add->getOperands())
    if (auto embedding = definerOf<EmbeddingOp>(operand))
      if (Operation *unit =
              rowUnitFor(add, embedding.getResult(), "embedding", kPass))
        units.push_back(unit);
  for (Operation *user : usersOf(add.getResult()))
    if (isa<SiluOp>(user) && isRowUnit(unitOf(user)))
      units.push_back(unitOf(user));
  fuseWithRemark(rewriter, KernelKind::Row, units, add, kPass);
}

struct FuseConditioning : impl::FuseConditioningBase<FuseConditioning> {
  void runOnOperation() override {
    forEach<AddOp>(getOperation(), fuseConditioning);
  }
};

} // namespace
} // namespace dit
