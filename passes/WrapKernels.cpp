// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// WrapKernels: every op that is left alone becomes a dit.fused of its kind.
#include "passes/Grammar.h"
#include "passes/Passes.h"
#include "passes/Region.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace dit {
#define GEN_PASS_DEF_WRAPKERNELS
#include "passes/Passes.h.inc"

namespace {

constexpr StringLiteral kPass = "wrap-kernels";

struct WrapKernels : impl::WrapKernelsBase<WrapKernels> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    for (auto function : getOperation().getOps<func::FuncOp>())
      // Readers first: what only an erased op read goes too.
      for (Operation &op : llvm::make_early_inc_range(
               llvm::reverse(function.getBody().front()))) {
        if (isView(&op) || isa<WeightOp, func::ReturnOp>(op))
          continue;
        if (isOpTriviallyDead(&op))
          rewriter.eraseOp(&op);
        else if (isa<FusedOp>(op))
          continue;
        else if (std::optional<KernelKind> kind = kindAlone(&op))
          (void)fuse(rewriter, *kind, {&op});
        else
          remarkMissed(&op, kPass,
                       "no kernel kind holds " + op.getName().getStringRef());
      }
    getOperation()->setAttr(kPhaseAttr,
                            StringAttr::get(&getContext(), "fused"));
  }
};

} // namespace
} // namespace dit
