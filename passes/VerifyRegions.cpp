// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// VerifyRegions: a region outside its kind's grammar is split, and a linear
// that cuBLASLt cannot do is generated.
#include "dialect/Matmul.h"
#include "passes/Grammar.h"
#include "passes/Passes.h"
#include "passes/Region.h"

using namespace mlir;

namespace dit {
#define GEN_PASS_DEF_VERIFYREGIONS
#include "passes/Passes.h.inc"

namespace {

constexpr StringLiteral kPass = "verify-regions";

/// From cuBLASLt to the generator, where what is behind it was not joined, or
/// more was.
void giveBack(LinearOp linear) {
  CublasLtEpilogue epilogue;
  std::string fault =
      linear.isByCublasLt() ? cublasLtFault(linear, epilogue) : "";
  if (fault.empty())
    return;
  MatmulAttr how = linear.getMatmulAttr();
  linear.setMatmulAttr(MatmulAttr::get(linear.getContext(), how.getMultiply(),
                                       MatmulBy::Generated, how.getLayout()));
  remarkMissed(linear, kPass, "cuBLASLt cannot multiply it: " + fault);
}

struct VerifyRegions : impl::VerifyRegionsBase<VerifyRegions> {
  void runOnOperation() override {
    SmallVector<FusedOp> regions;
    getOperation().walk([&](FusedOp fused) { regions.push_back(fused); });
    IRRewriter rewriter(&getContext());
    for (FusedOp fused : regions) {
      std::string fault = grammarFault(fused);
      if (fault.empty())
        continue;
      remarkMissed(fused, kPass,
                   "a region of kind " + stringifyKernelKind(fused.getKind()) +
                       " was split: " + fault);
      SmallVector<Operation *> ops = opsOf(fused);
      dissolve(rewriter, fused);
      for (Operation *op : ops)
        if (std::optional<KernelKind> kind = kindAlone(op))
          (void)fuse(rewriter, *kind, {op});
    }
    getOperation().walk(giveBack);
  }
};

} // namespace
} // namespace dit
