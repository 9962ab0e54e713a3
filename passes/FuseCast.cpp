// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// FuseCast: a cast joins the kernel that makes what it rounds.
#include "passes/Grammar.h"
#include "passes/Passes.h"
#include "passes/Phase.h"
#include "passes/Region.h"

using namespace mlir;

namespace dit {
#define GEN_PASS_DEF_FUSECAST
#include "passes/Passes.h.inc"

namespace {

constexpr StringLiteral kPass = "fuse-cast";

/// The kind of kernel that can end with a cast of what it makes; none for one
/// that moves elements.
std::optional<KernelKind> kindOf(Operation *unit) {
  std::optional<KernelKind> kind;
  if (auto fused = dyn_cast<FusedOp>(unit))
    kind = fused.getKind();
  else
    kind = kindAlone(unit);
  return kind == KernelKind::Patch || kind == KernelKind::Pack ? std::nullopt
                                                               : kind;
}

void fuseCast(RewriterBase &rewriter, CastOp op) {
  Operation *maker = definerOf(op.getX());
  // Rounding a weight is part of its packing.
  if (!maker || dependsOnWeightsOnly(op) || unitOf(maker) == unitOf(op))
    return;
  std::optional<KernelKind> kind = kindOf(unitOf(maker));
  if (!kind || maker->hasTrait<MovesElements>() || isSinusoid(maker))
    return remarkMissed(op, kPass,
                        "no kernel that ends with a cast makes what it rounds");
  if (opsOf(unitOf(op)).size() != 1)
    return remarkMissed(op, kPass, "it is fused with other ops already");
  if (kind != KernelKind::Row && usersOf(op.getX()).size() != 1)
    return remarkMissed(op, kPass, "what it rounds has a second user");
  fuseWithRemark(rewriter, *kind, {unitOf(maker), unitOf(op)}, op, kPass);
}

struct FuseCast : impl::FuseCastBase<FuseCast> {
  void runOnOperation() override { forEach<CastOp>(getOperation(), fuseCast); }
};

} // namespace
} // namespace dit
