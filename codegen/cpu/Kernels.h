// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The interface between a CPU kernel's skeleton and the module it is put in:
// one emit function a kind, each in its own file.
#ifndef DIT_CODEGEN_CPU_KERNELS_H
#define DIT_CODEGEN_CPU_KERNELS_H

#include "codegen/Launches.h"
#include "codegen/host/Emit.h"
#include "codegen/host/EntryPoints.h"

namespace dit::codegen::cpu {

/// The instruction set that kernels are shaped for.
struct Machine {
  int lanes;    ///< float32 in a vector: 16 (AVX-512) or 8 (AVX2)
  int tileRows; ///< of a matmul's register tile: 8 or 4
  int panel; ///< its columns, and the packed weights' last dimension: 48 or 24
};

/// Panels that share one making of the rows before a matmul.
inline constexpr int64_t kPanelsOfMadeRows = 4;

/// As passes see it.
MachineAttr machineOf(const Machine &machine, mlir::MLIRContext &context);

struct KernelShape {
  host::Units units;
  int64_t scratchBytes = 0; ///< of each worker
};

/// The inside of a kernel function while it is being written: works on the
/// units [begin, end). Operands and results are addresses of sample 0's first
/// element, views included.
struct KernelBody {
  Emitter &e;
  const Machine &machine;
  const Kernel &kernel;
  llvm::SmallVector<Ptr> operands, results;
  /// Of each table that operands are gathered from, by the function that fills
  /// it.
  llvm::DenseMap<int64_t, Ptr> rowIndex;
  Index rows; ///< the batch; 1 in @prepare
  Index begin, end;
  Ptr scratch; ///< aligned to 64
  Ptr host;    ///< the DitHost, for sin and cos; null in other kernels

  FusedOp op() const { return const_cast<FusedOp &>(kernel.op); }
  /// The address of operand i's sample: through a rowIndex where it is
  /// gathered, the operand itself where it has no batch.
  Ptr sample(unsigned operand, Index n) const;
};

/// The address `elements` elements of `place`'s type past p.
Ptr past(const Place &place, Ptr p, Index elements);
/// Stores the first `count` lanes of x at p, rounded where `place` holds
/// bfloat16.
void storeAs(const Place &place, Num x, Ptr p, int64_t count);

// Each emits the body at the emitter's place, or diagnoses at the region what
// it cannot make.
mlir::FailureOr<KernelShape> emitRow(KernelBody &body);
/// A row region that is one sinusoid.
mlir::FailureOr<KernelShape> emitSinusoid(KernelBody &body);
mlir::FailureOr<KernelShape> emitLinear(KernelBody &body);
mlir::FailureOr<KernelShape> emitAttention(KernelBody &body);
mlir::FailureOr<KernelShape> emitPatch(KernelBody &body);
mlir::FailureOr<KernelShape> emitPack(KernelBody &body);

} // namespace dit::codegen::cpu

#endif // DIT_CODEGEN_CPU_KERNELS_H
