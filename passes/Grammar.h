// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which bodies a dit.fused of each kind may have: the contract between the
// passes that draw regions and the generators that turn them into code.
#ifndef DIT_PASSES_GRAMMAR_H
#define DIT_PASSES_GRAMMAR_H

#include "dialect/DiTDialect.h"

namespace dit {

/// Ops that a row region holds, each working on a whole token at a time.
bool isRowOp(mlir::Operation *op);

/// Ops that a linear's epilogue holds, each working on one element at a time;
/// dit.rotate on a pair of them.
bool isEpilogueOp(mlir::Operation *op);

/// The kind that `op` runs as when nothing is fused with it; none for an op
/// that the dialect does not know, and for views and weights, which run as
/// nothing.
std::optional<KernelKind> kindAlone(mlir::Operation *op);

/// Empty when the body of `fused` keeps to the grammar of its kind, else a
/// sentence that says what was expected and what was found.
///
/// row: row ops on tensors (N, T, *) of one N and T, or (N, *), or (T, *) and
/// (*) without samples; what is broadcast
///   (shift, scale, gate, norm weights, tables) enters as a block argument.
///   Sinusoids stand alone.
/// linear: one linear, its weight and bias block arguments; before it, on its
/// x,
///   one patchify or a chain of row ops; after it a chain of epilogue ops, of
///   which only the first may be a rotate, then at most one unpatchify. The one
///   result is the last op's.
/// attention: one attention of block arguments, and at most a cast of its
/// result, which then alone leaves the region. patch: one op. pack: work on
/// weights.
///
/// What leaves a region: of kind row any values of its rows, of kind pack any
/// weights, of the others, and of a sinusoid, what the last op makes.
std::string grammarFault(FusedOp fused);

/// The same of `ops`, in order, as the body of a region of kind row that they
/// do not stand in yet.
std::string rowsFault(llvm::ArrayRef<mlir::Operation *> ops);

} // namespace dit

#endif // DIT_PASSES_GRAMMAR_H
