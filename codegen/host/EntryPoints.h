// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The artifact's own functions, as the program lists them, and the struct that
// names them. They run on the host and are the same for every target:
// addresses, and the launches of kernels in order.
#ifndef DIT_CODEGEN_HOST_ENTRYPOINTS_H
#define DIT_CODEGEN_HOST_ENTRYPOINTS_H

#include "codegen/Launches.h"
#include "codegen/host/Emit.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/MapVector.h"

namespace dit::codegen::host {

/// Where, after operands and results, a kernel finds the rest.
struct KernelOperands {
  KernelOperands(const Kernel &kernel, bool takesHost);
  /// Of the row_index of each table that it gathers from, by the number of the
  /// function that fills it.
  llvm::MapVector<int64_t, size_t> rowIndex;
  std::optional<size_t> host;
  size_t count;
};

/// How a launch is cut into units of work:
/// `ceil(rows * perRow / granule) * columns`, each at least 1.
struct Units {
  int64_t perRow = 1;
  int64_t granule = 1;
  int64_t columns = 1;
};

/// A kernel that runs on the host.
struct Task {
  Units units;
  bool takesHost = false; ///< its last operand is the DitHost
};

/// Where an alternative stands in the artifact's chain. Each is an object file
/// of its own; the first has `ditc_artifact`.
struct ChainPlace {
  size_t index = 0;
  bool isLast = true;
};

class EntryPoints {
public:
  /// Adds to `module`. `tasks` has one a kernel of the program, a DitTask of
  /// the kernel's name in `module`; it is empty where kernels run on a GPU.
  EntryPoints(mlir::ModuleOp module, mlir::OpBuilder &builder,
              const Program &program, llvm::ArrayRef<Task> tasks);

  /// `code` is the GPU's machine code, empty for a CPU.
  void emit(llvm::StringRef manifest, llvm::StringRef code = "",
            ChainPlace place = {});

private:
  /// What a launch's addresses are relative to, in one function.
  struct Bases {
    const Function &function;
    Ptr host;
    Index rows;
    Ptr prepared, arena, inputs, tables, outputs; ///< as DitCall has them
  };

  void emitFunction(const Function &function);
  /// The address `field` (0: rows, 1: row_index) of the table that the
  /// program's function number `maker` fills.
  Ptr tableField(const Bases &bases, int64_t maker, int64_t field);
  void emitArtifact(llvm::StringRef manifest, llvm::StringRef code,
                    ChainPlace place);
  void emitEntry();

  void launchAll(const std::vector<Launch> &launches, Bases &bases);
  void launch(const Launch &launch, size_t number, const Bases &bases,
              Ptr operands, Ptr record);
  Ptr address(const Place &place, const Bases &bases);
  Index unitsOf(const Units &units, Index rows);
  KernelOperands operandsOf(size_t kernel) const;

  Ptr takeWeight(int64_t index, const Bases &bases);
  void releaseWeight(int64_t index, const Bases &bases);

  /// Begins a DitFunction and returns its call; the caller fills in the body
  /// after it.
  Ptr begin(llvm::StringRef name);
  void returnOk();
  /// The constant array of the program's functions.
  void emitFunctionList();
  /// Constant bytes of the name `name`.
  mlir::LLVM::GlobalOp bytesOf(llvm::StringRef name, llvm::StringRef value,
                               llvm::StringRef section, uint64_t alignment);
  void call(Ptr callee, llvm::ArrayRef<mlir::Value> arguments);
  Ptr bytes(Ptr p, Index count);
  Ptr stackSlots(int64_t count);

  mlir::ModuleOp module;
  mlir::OpBuilder &builder;
  mlir::Location loc;
  Emitter e;
  const Program &program;
  llvm::ArrayRef<Task> tasks;
  llvm::DenseMap<int64_t, Ptr> weights; // taken and not yet released
};

} // namespace dit::codegen::host

#endif // DIT_CODEGEN_HOST_ENTRYPOINTS_H
