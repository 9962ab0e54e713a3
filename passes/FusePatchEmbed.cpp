// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// FusePatchEmbed: patchify + linear + position table in one linear region.
#include "passes/Passes.h"
#include "passes/Region.h"

using namespace mlir;

namespace dit {
#define GEN_PASS_DEF_FUSEPATCHEMBED
#include "passes/Passes.h.inc"

namespace {

constexpr StringLiteral kPass = "fuse-patch-embed";

/// The add of a table, the same for every sample, to the linear's result; null
/// where there is none.
AddOp positionAdd(LinearOp linear) {
  for (Operation *user : usersOf(linear.getResult())) {
    auto add = dyn_cast<AddOp>(user);
    if (!add || add.getLhs().getType() == add.getRhs().getType())
      continue;
    if (usersOf(linear.getResult()).size() == 1)
      return add;
    remarkMissed(add, kPass, "the embedding has a second user");
  }
  return nullptr;
}

void fusePatchEmbed(RewriterBase &rewriter, PatchifyOp patchify) {
  SmallVector<Operation *> users = usersOf(patchify.getResult());
  LinearOp linear;
  for (Operation *user : users)
    if (auto candidate = dyn_cast<LinearOp>(user))
      linear = candidate;
  if (!linear)
    return;
  if (users.size() != 1)
    return remarkMissed(linear, kPass, "the patch vectors have a second user");
  SmallVector<Operation *> units = {unitOf(patchify), unitOf(linear)};
  // An add in an epilogue already is in the linear's unit; one among row ops
  // stays there.
  if (AddOp add = positionAdd(linear)) {
    if (unitOf(add) == add || opsOf(unitOf(add)).size() == 1)
      units.push_back(unitOf(add));
    else if (unitOf(add) != unitOf(linear))
      remarkMissed(add, kPass, "the add is fused with other ops already");
  }
  fuseWithRemark(rewriter, KernelKind::Linear, units, linear, kPass);
}

struct FusePatchEmbed : impl::FusePatchEmbedBase<FusePatchEmbed> {
  void runOnOperation() override {
    forEach<PatchifyOp>(getOperation(), fusePatchEmbed);
  }
};

} // namespace
} // namespace dit
