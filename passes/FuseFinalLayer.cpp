// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// FuseFinalLayer: norm + modulate + linear + unpatchify in one linear region.
#include "passes/Cost.h"
#include "passes/Passes.h"
#include "passes/Region.h"

using namespace mlir;

namespace dit {
#define GEN_PASS_DEF_FUSEFINALLAYER
#include "passes/Passes.h.inc"

namespace {

constexpr StringLiteral kPass = "fuse-final-layer";

struct FuseFinalLayer : impl::FuseFinalLayerBase<FuseFinalLayer> {
  /// The norm, and modulate where there is one, that make the linear's x; empty
  /// when they cannot be its prologue.
  SmallVector<Operation *> prologueOps(LinearOp linear) {
    SmallVector<Operation *> ops;
    Operation *op = definerOf(linear.getX());
    if (isa_and_nonnull<ModulateOp>(op)) {
      ops.push_back(op);
      op = definerOf(op->getOperand(0));
    }
    if (!isNorm(op))
      return {};
    ops.push_back(op);
    for (const std::string &fault :
         {remakingFault(linear), keepingFault(linear)})
      if (!fault.empty()) {
        remarkMissed(linear, kPass, fault);
        return {};
      }
    for (Operation *part : ops) {
      if (usersOf(part->getResult(0)).size() != 1) {
        remarkMissed(linear, kPass, "what the linear reads has a second user");
        return {};
      }
      for (Operation *other : opsOf(unitOf(part)))
        if (!llvm::is_contained(ops, other)) {
          remarkMissed(linear, kPass,
                       "the norm is fused with other ops already");
          return {};
        }
    }
    return ops;
  }

  void fuseFinalLayer(RewriterBase &rewriter, UnpatchifyOp unpatchify) {
    auto linear = definerOf<LinearOp>(unpatchify.getX());
    if (!linear)
      return remarkMissed(unpatchify, kPass,
                          "no linear makes the patch vectors");
    if (usersOf(linear.getResult()).size() != 1)
      return remarkMissed(unpatchify, kPass,
                          "the patch vectors have a second user");
    SmallVector<Operation *> units = {unitOf(linear), unitOf(unpatchify)};
    if (opsOf(unitOf(linear)).front() == linear)
      for (Operation *op : prologueOps(linear))
        units.push_back(unitOf(op));
    fuseWithRemark(rewriter, KernelKind::Linear, units, unpatchify, kPass);
  }

  void runOnOperation() override {
    forEach<UnpatchifyOp>(getOperation(),
                          [&](RewriterBase &rewriter, UnpatchifyOp op) {
                            fuseFinalLayer(rewriter, op);
                          });
  }
};

} // namespace
} // namespace dit
