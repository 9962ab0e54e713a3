// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ChooseMatmuls: each linear says how it is multiplied.
#include "passes/BindingTimes.h"
#include "passes/Passes.h"
#include "passes/Phase.h"
#include "passes/Region.h"

using namespace mlir;

namespace dit {
#define GEN_PASS_DEF_CHOOSEMATMULS
#include "passes/Passes.h.inc"

namespace {

/// A linear between pixels and tokens has few features on one side: little to
/// gain, and its rounding would be the picture's.
bool isOfPixels(LinearOp linear) {
  auto isUnpatchify = llvm::IsaPred<UnpatchifyOp>;
  return isa_and_nonnull<PatchifyOp>(definerOf(viewedValue(linear.getX()))) ||
         llvm::any_of(usersOf(linear.getResult()), isUnpatchify);
}

/// Rows one behind the other, once they are in memory.
bool areWhole(Value rows) {
  for (Operation *op = rows.getDefiningOp(); op && isView(op);
       op = op->getOperand(0).getDefiningOp())
    if (isa<SliceOp>(op))
      return false;
  return true;
}

int64_t bytesOf(Multiply as) { return as == Multiply::BF16 ? 2 : 4; }

struct ChooseMatmuls : impl::ChooseMatmulsBase<ChooseMatmuls> {
  using ChooseMatmulsBase::ChooseMatmulsBase;

  void runOnOperation() override;

private:
  MatmulAttr choose(LinearOp linear, bool isOfStep) const;
  MatmulAttr withLayout(MatmulAttr how) const;
  Multiply chooseMultiply(LinearOp linear, bool isOfStep) const;
  MatmulBy chooseBy(LinearOp linear, Multiply as, bool isOfStep) const;

  Multiply wantedMultiply = Multiply::F32;
  MatmulBy wantedBy = MatmulBy::Generated;
};

Multiply ChooseMatmuls::chooseMultiply(LinearOp linear, bool isOfStep) const {
  if (!linear.getX().getType().getElementType().isF32())
    return Multiply::BF16;
  int64_t features = linear.getX().getType().getShape().back();
  if (!isOfStep || isOfPixels(linear))
    return Multiply::F32;
  // Tensor cores are fed 16 bytes at a time, from rows that are whole. What
  // bf16 they do not take is multiplied elsewhere to the same sums.
  constexpr int64_t kWord = 4;
  bool isFed = wantedMultiply != Multiply::TF32 ||
               (features % kWord == 0 && areWhole(linear.getX()));
  // What is drawn in a region is not cast any more.
  bool isCast = wantedMultiply != Multiply::BF16 ||
                (features % group == 0 && unitOf(linear) == linear);
  return isFed && isCast ? wantedMultiply : Multiply::F32;
}

/// cuBLASLt reads rows that begin at multiples of 16 bytes.
MatmulBy ChooseMatmuls::chooseBy(LinearOp linear, Multiply as,
                                 bool isOfStep) const {
  constexpr int64_t kWordBytes = 16;
  auto hasWholeWords = [&](Value rows) {
    int64_t features = cast<RankedTensorType>(rows.getType()).getShape().back();
    return features * bytesOf(as) % kWordBytes == 0;
  };
  bool isTaken = isOfStep && !isOfPixels(linear) && areWhole(linear.getX()) &&
                 hasWholeWords(linear.getX()) &&
                 hasWholeWords(linear.getResult());
  return isTaken ? wantedBy : MatmulBy::Generated;
}

MatmulAttr ChooseMatmuls::choose(LinearOp linear, bool isOfStep) const {
  Multiply as = chooseMultiply(linear, isOfStep);
  return MatmulAttr::get(linear.getContext(), as,
                         chooseBy(linear, as, isOfStep), LayoutAttr());
}

MatmulAttr ChooseMatmuls::withLayout(MatmulAttr how) const {
  if (how.getLayout() || panel == 0)
    return how;
  int64_t side = how.getMultiply() == Multiply::BF16 ? group : 1;
  return MatmulAttr::get(how.getContext(), how.getMultiply(), how.getBy(),
                         LayoutAttr::get(how.getContext(), panel, side));
}

void ChooseMatmuls::runOnOperation() {
  auto asMultiply = symbolizeMultiply(multiply.getValue());
  auto asBy = symbolizeMatmulBy(by.getValue());
  auto fail = [&](const Twine &what, const Twine &found) {
    getOperation().emitError() << what << ", but found '" << found << "'";
    signalPassFailure();
  };
  if (!asMultiply)
    return fail("multiply must be f32, tf32 or bf16", multiply.getValue());
  if (!asBy)
    return fail("by must be generated or cublaslt", by.getValue());
  if (panel < 0 || group < 1)
    return fail("panel must be at least 0 and group at least 1",
                Twine(panel.getValue()) + " and " + Twine(group.getValue()));
  wantedMultiply = *asMultiply, wantedBy = *asBy;
  for (auto function : getOperation().getOps<func::FuncOp>()) {
    if (function.isDeclaration())
      continue;
    BindingTimes times(function);
    function.walk([&](LinearOp linear) {
      Type element = linear.getX().getType().getElementType();
      if (!element.isF32() && !element.isBF16())
        return;
      bool isOfStep = times(unitOf(linear)) == Rate::Step;
      MatmulAttr how = linear.getMatmulAttr();
      linear.setMatmulAttr(withLayout(how ? how : choose(linear, isOfStep)));
    });
  }
}

} // namespace
} // namespace dit
