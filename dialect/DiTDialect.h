// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The dialect: ops (DiTOps.td), the traits and the attribute names that passes
// and code generators share.
#ifndef DIT_DIALECT_DITDIALECT_H
#define DIT_DIALECT_DITDIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include <string>

namespace dit {

/// An op that only renames elements of one operand: no kernel, no memory. It is
/// recomputed wherever its result is wanted, so staging and fusion see through
/// it.
template <typename ConcreteType>
class ViewLike : public mlir::OpTrait::TraitBase<ConcreteType, ViewLike> {};

/// True for ops that become address arithmetic.
inline bool isView(mlir::Operation *op) { return op->hasTrait<ViewLike>(); }

// Attributes of functions, their arguments and their results; dialect/README.md
// says at which phase each appears.
inline constexpr llvm::StringLiteral kNameAttr = "dit.name";
/// Where an argument is from: kFromInput, or the function that returns it.
inline constexpr llvm::StringLiteral kFromAttr = "dit.from";
inline constexpr llvm::StringLiteral kFromInput = "input";
/// How often an input changes, or a function runs: Rate.h.
inline constexpr llvm::StringLiteral kEveryAttr = "dit.every";
inline constexpr llvm::StringLiteral kPhaseAttr = "dit.phase";
inline constexpr llvm::StringLiteral kArenaAttr = "dit.arena_bytes";
/// Of a planned @prepare: bytes that hold what depends on the weights.
inline constexpr llvm::StringLiteral kSharedAttr = "dit.shared_bytes";
inline constexpr llvm::StringLiteral kSlotAttr = "dit.slot";
inline constexpr llvm::StringLiteral kRowFloatsAttr = "dit.row_floats";
inline constexpr llvm::StringLiteral kSpecAttr = "dit.spec";
/// Of a module, from phase staged on: the MachineAttr that it is compiled for.
inline constexpr llvm::StringLiteral kMachineAttr = "dit.machine";

/// The name a value goes by in listings and diagnostics, `blocks[3].shift_msa`:
/// the first NameLoc found in the location, or "" where there is none.
llvm::StringRef nameOf(mlir::Location loc);

/// What every tensor of the dialect keeps to: sizes of at least 1, of which
/// only the first may be dynamic, and fewer than 2^48 elements (a sample).
bool hasPlainShape(mlir::RankedTensorType type);

/// 2x4x?, as types are printed; "a scalar" without dimensions.
std::string showShape(llvm::ArrayRef<int64_t> shape);

} // namespace dit

#include "dialect/DiTDialect.h.inc"
#include "dialect/DiTEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialect/DiTAttrs.h.inc"
#define GET_OP_CLASSES
#include "dialect/DiTOps.h.inc"

namespace dit {

/// True for the ops that are made of sines and cosines: each is a kernel by
/// itself.
inline bool isSinusoid(mlir::Operation *op) {
  return llvm::isa<TimestepEmbeddingOp, SincosPositionOp, RotaryPositionOp>(op);
}

} // namespace dit

#endif // DIT_DIALECT_DITDIALECT_H
