// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What every target needs of a planned module: its kernels, the launches of
// each function in order, and where each launch's tensors are. No code is made
// here.
#ifndef DIT_CODEGEN_LAUNCHES_H
#define DIT_CODEGEN_LAUNCHES_H

#include "dialect/DiTDialect.h"
#include "dialect/Rate.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace dit::codegen {

/// What an address is relative to.
enum class Base { Input, Output, Arena, Prepared, Table, Weight };

/// Where a tensor is: `base + offset + rows * offsetPerRow` bytes, and how its
/// elements follow one another from there.
struct Place {
  Base base = Base::Arena;
  /// Of the input, output or weight; of the function whose table it is.
  int64_t index = 0;
  int64_t offset = 0;       ///< bytes
  int64_t offsetPerRow = 0; ///< bytes, times the batch
  mlir::RankedTensorType type;
  llvm::SmallVector<int64_t, 4> strides; ///< elements, one a dimension
  /// Sample n's values are at row `row_index[n]` of function index's table, not
  /// at n.
  bool gathered = false;
  Rate tableRate = Rate::Condition; ///< of the function that fills the table

  bool isBatched() const { return type.getRank() && type.isDynamicDim(0); }
  int64_t elementBytes() const { return type.getElementTypeBitWidth() / 8; }
};

/// A kernel: one region with one layout of its operands and results. Launches
/// that agree on both share it.
struct Kernel {
  std::string name;
  FusedOp op; ///< one of the launches' regions
  llvm::SmallVector<Place>
      operands; ///< only types, strides and gathered matter
  llvm::SmallVector<Place> results;
};

struct Launch {
  FusedOp op;
  size_t kernel; ///< into Program::kernels
  llvm::SmallVector<Place> operands, results;
};

/// A weight of the checkpoint, in the order of the manifest.
struct Weight {
  std::string name;
  llvm::SmallVector<int64_t> shape;
};

/// An input of the network or a result of it, as the caller gives and takes it.
struct Port {
  std::string name;
  mlir::RankedTensorType type; ///< batched
  Rate every = Rate::Step;     ///< of an input
};

/// One function of the artifact: launches in order, and what they reach.
struct Function {
  std::string name;
  Rate rate = Rate::Step;
  bool readsWeights = false;
  std::vector<Launch> launches;
  /// Which of Program::inputs it reads; Place::index of an input counts here.
  llvm::SmallVector<size_t> inputs;
  /// The earlier functions of whose tables it reads rows.
  llvm::SmallVector<size_t> tables;
  int64_t arenaBytesPerRow = 0;
  /// Of a row of the table that it fills; 0 for one that fills none.
  int64_t rowFloats = 0;
};

struct Program {
  std::vector<Kernel> kernels;
  /// Slowest rate first; the last is the network's. What @prepare makes of
  /// weights, in the first sharedBytes of what is prepared, and the tables
  /// behind it, are two functions: `prepare`, and `tabulate` where there are
  /// tables.
  std::vector<Function> functions;
  std::vector<Port> inputs, outputs;
  std::vector<Weight> weights;
  int64_t sharedBytes = 0, preparedBytes = 0;

  const Function &network() const { return functions.back(); }
  /// Null where there is none of that name.
  const Function *find(llvm::StringRef name) const;
  const Port *findInput(llvm::StringRef name) const;
};

/// Reads a module at phase `planned`. Diagnoses what the phase's contract rules
/// out.
mlir::FailureOr<Program> planLaunches(mlir::ModuleOp module);

/// The number of the operand that enters its region as `value`. The one way
/// from a value to its operand: their order says nothing.
inline unsigned operandOf(mlir::Value value) {
  return llvm::cast<mlir::BlockArgument>(value).getArgNumber();
}

/// From the cast on the value is only moved, to results that are stored as
/// narrow as it: their stores round, and nothing must before them.
bool isRoundedWhenStored(CastOp cast);

/// `dit_<what>[_<epilogue>]_<dtype>_<dims>`: what a region is, its ops after
/// the first in order, the element type of its first result, and its sizes (t
/// tokens, d width, k and m of a linear, h heads). Not unique by itself.
std::string kernelName(FusedOp op);

/// One line for listings: `fc1 + gelu (in blocks[0])`.
std::string describe(FusedOp op);

} // namespace dit::codegen

#endif // DIT_CODEGEN_LAUNCHES_H
