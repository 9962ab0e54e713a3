// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one mechanism that draws a dit.fused, and the questions a fusion pass
// asks about ops on either side of boundaries that are already drawn. A pass
// matches on the ops as if no region existed, then fuses the units that hold
// them.
#ifndef DIT_PASSES_REGION_H
#define DIT_PASSES_REGION_H

#include "dialect/DiTDialect.h"
#include "mlir/IR/PatternMatch.h"

namespace dit {

/// The op that computes `value`, also when the value enters or leaves a
/// dit.fused in between; null for a function's argument.
mlir::Operation *definerOf(mlir::Value value);
template <typename OpTy> OpTy definerOf(mlir::Value value) {
  return llvm::dyn_cast_or_null<OpTy>(definerOf(value));
}

/// The ops that read `value`, each once, seen through the boundaries of
/// dit.fused.
llvm::SmallVector<mlir::Operation *> usersOf(mlir::Value value);

/// The op itself, or the dit.fused that holds it: what runs as one kernel.
mlir::Operation *unitOf(mlir::Operation *op);

/// The ops that a unit runs: itself, or its body without the terminator.
llvm::SmallVector<mlir::Operation *> opsOf(mlir::Operation *unit);

/// True for a lone row op and for a region of kind row.
bool isRowUnit(mlir::Operation *unit);

/// Draws one dit.fused of `kind` around `units`: ops of one block, in any
/// order, repeats allowed; a dit.fused among them is absorbed. The ops are
/// moved, so pointers to them stay valid. Values that are read outside become
/// results, the region stands where the last unit stood, and ops between the
/// units that read one of its results move behind it. Fails, and changes
/// nothing, when such an op also feeds a unit.
llvm::FailureOr<FusedOp> fuse(mlir::RewriterBase &rewriter, KernelKind kind,
                              llvm::ArrayRef<mlir::Operation *> units);

/// fuse() with the remark that says so or, at `anchor`, why not. Does nothing
/// where the units are one already.
void fuseWithRemark(mlir::RewriterBase &rewriter, KernelKind kind,
                    llvm::ArrayRef<mlir::Operation *> units,
                    mlir::Operation *anchor, llvm::StringRef pass);

/// The row unit that computes `value` for `reader`, and for nothing else: null
/// where there is none, with a remark at `reader` that calls the value `what`
/// and says why it cannot be joined.
mlir::Operation *rowUnitFor(mlir::Operation *reader, mlir::Value value,
                            llvm::StringRef what, llvm::StringRef pass);

/// Calls `rewrite` on the ops of one kind that are there before the first call.
template <typename OpTy>
void forEach(mlir::Operation *root,
             llvm::function_ref<void(mlir::RewriterBase &, OpTy)> rewrite) {
  llvm::SmallVector<OpTy> ops;
  root->walk([&](OpTy op) { ops.push_back(op); });
  mlir::IRRewriter rewriter(root->getContext());
  for (OpTy op : ops)
    rewrite(rewriter, op);
}

/// Puts the body of `fused` back where the region stood.
void dissolve(mlir::RewriterBase &rewriter, FusedOp fused);

/// Remarks of category "fusion", under the pass's flag without `dit-`. `what`
/// is the sentence; the name of the location follows.
void remarkFused(mlir::Operation *fused, llvm::StringRef pass,
                 const llvm::Twine &what);
void remarkMissed(mlir::Operation *op, llvm::StringRef pass,
                  const llvm::Twine &reason);

/// `layer_norm + modulate`: the ops of a region, in order.
std::string listOps(FusedOp fused);

} // namespace dit

#endif // DIT_PASSES_REGION_H
