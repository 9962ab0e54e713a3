// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// FuseAdaLN: norm + modulate in one row region.
#include "passes/Passes.h"
#include "passes/Region.h"

using namespace mlir;

namespace dit {
#define GEN_PASS_DEF_FUSEADALN
#include "passes/Passes.h.inc"

namespace {

constexpr StringLiteral kPass = "fuse-adaln";

void fuseAdaLN(RewriterBase &rewriter, ModulateOp modulate) {
  Operation *norm = definerOf(modulate.getX());
  if (!isa_and_nonnull<LayerNormOp, RMSNormOp>(norm) ||
      unitOf(norm) == unitOf(modulate))
    return;
  if (usersOf(norm->getResult(0)).size() != 1)
    return remarkMissed(modulate, kPass, "the norm has a second user");
  if (!isRowUnit(unitOf(norm)) || !isRowUnit(unitOf(modulate)))
    return remarkMissed(modulate, kPass,
                        "the norm or modulate is fused with a linear");
  auto fused =
      fuse(rewriter, KernelKind::Row, {unitOf(norm), unitOf(modulate)});
  if (failed(fused))
    return remarkMissed(modulate, kPass,
                        "another kernel must run between them");
  remarkFused(*fused, kPass, listOps(*fused));
}

struct FuseAdaLN : impl::FuseAdaLNBase<FuseAdaLN> {
  void runOnOperation() override {
    SmallVector<ModulateOp> modulates;
    getOperation().walk([&](ModulateOp op) { modulates.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (ModulateOp modulate : modulates)
      fuseAdaLN(rewriter, modulate);
  }
};

} // namespace
} // namespace dit
