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
  if (!isNorm(norm) || unitOf(norm) == unitOf(modulate))
    return;
  if (!isRowUnit(unitOf(modulate)))
    return remarkMissed(modulate, kPass, "modulate is fused with a linear");
  if (Operation *unit = rowUnitFor(modulate, modulate.getX(), "norm", kPass))
    fuseWithRemark(rewriter, KernelKind::Row, {unit, unitOf(modulate)},
                   modulate, kPass);
}

struct FuseAdaLN : impl::FuseAdaLNBase<FuseAdaLN> {
  void runOnOperation() override {
    forEach<ModulateOp>(getOperation(), fuseAdaLN);
  }
};

} // namespace
} // namespace dit
