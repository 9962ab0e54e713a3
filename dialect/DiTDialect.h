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

/// An op that a row region holds: it works on a whole token at a time.
template <typename ConcreteType>
class WorksOnRows : public mlir::OpTrait::TraitBase<ConcreteType, WorksOnRows> {
};

/// An op that a linear's epilogue holds: it works on one element at a time,
/// dit.rotate on a pair of them.
template <typename ConcreteType>
class WorksOnElements
    : public mlir::OpTrait::TraitBase<ConcreteType, WorksOnElements> {};

/// An op that packing holds, where it depends on weights alone.
template <typename ConcreteType>
class WorksOnWeights
    : public mlir::OpTrait::TraitBase<ConcreteType, WorksOnWeights> {};

/// An op whose result's elements are its operands', as they were.
template <typename ConcreteType>
class MovesElements
    : public mlir::OpTrait::TraitBase<ConcreteType, MovesElements> {};

/// An op that normalises each token of its first operand over its features.
template <typename ConcreteType>
class NormLike : public mlir::OpTrait::TraitBase<ConcreteType, NormLike> {};

/// A function of one element, for between two linears.
template <typename ConcreteType>
class ActivationLike
    : public mlir::OpTrait::TraitBase<ConcreteType, ActivationLike> {};

/// An op that is made of sines and cosines: a kernel by itself.
template <typename ConcreteType>
class SinusoidLike
    : public mlir::OpTrait::TraitBase<ConcreteType, SinusoidLike> {};

/// True for ops that become address arithmetic.
inline bool isView(mlir::Operation *op) { return op->hasTrait<ViewLike>(); }
inline bool isSinusoid(mlir::Operation *op) {
  return op->hasTrait<SinusoidLike>();
}
/// False for null, as where a value is an argument.
inline bool isNorm(mlir::Operation *op) {
  return op && op->hasTrait<NormLike>();
}

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

/// A tensor's elements, of one sample where it has a batch.
int64_t elementsPerSample(mlir::Value value);

/// 2x4x?, as types are printed; "a scalar" without dimensions.
std::string showShape(llvm::ArrayRef<int64_t> shape);

} // namespace dit

#include "dialect/DiTDialect.h.inc"
#include "dialect/DiTEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialect/DiTAttrs.h.inc"
#include "dialect/DiTInterfaces.h.inc"
#define GET_OP_CLASSES
#include "dialect/DiTOps.h.inc"

#endif // DIT_DIALECT_DITDIALECT_H
