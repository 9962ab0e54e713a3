// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// WrapKernels: every op that is left alone becomes a dit.fused of its kind.
#include "passes/Grammar.h"
#include "passes/Passes.h"
#include "passes/Region.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

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
      for (Operation &op : llvm::make_early_inc_range(function.getOps())) {
        if (isView(&op) || isa<WeightOp, FusedOp, func::ReturnOp>(op))
          continue;
        if (std::optional<KernelKind> kind = kindAlone(&op))
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
