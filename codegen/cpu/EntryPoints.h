// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The artifact's own functions: prepare, create, plan, condition, denoise, and
// the struct that names them.
#ifndef DIT_CODEGEN_CPU_ENTRYPOINTS_H
#define DIT_CODEGEN_CPU_ENTRYPOINTS_H

#include "codegen/cpu/Kernels.h"

namespace dit::codegen::cpu {

// What create and plan write into the caller's memory: {host, prepared} and
// {state, rows, arena}.
inline constexpr int64_t kStateBytes = 16, kPlanBytes = 24;

/// Where, after operands and results, a kernel finds the rest.
struct KernelOperands {
  explicit KernelOperands(const Kernel &kernel);
  std::optional<size_t> rowIndex, host;
  size_t count;
};

class EntryPoints {
public:
  /// Adds to `module`, which holds the program's kernels; shapes has one a
  /// kernel.
  EntryPoints(mlir::ModuleOp module, mlir::OpBuilder &builder,
              const Program &program, llvm::ArrayRef<KernelShape> shapes)
      : module(module), builder(builder), loc(module.getLoc()),
        e(builder, loc, 1), program(program), shapes(shapes) {}

  void emit(llvm::StringRef manifest);

private:
  /// What a launch's addresses are relative to, in one function.
  struct Bases {
    Ptr host;
    Index rows;
    Ptr arena, prepared, table, rowIndex;
    llvm::SmallVector<Ptr> inputs, outputs;
  };

  void emitPrepare();
  void emitCreate();
  void emitPlan();
  void emitCondition();
  void emitDenoise();
  void emitEntry(llvm::StringRef manifest);

  void launchAll(const std::vector<Launch> &launches, Bases &bases);
  void launch(const Launch &launch, size_t number, const Bases &bases,
              Ptr operands, Ptr record);
  Ptr address(const Place &place, const Bases &bases);
  Index unitsOf(const Units &units, Index rows);

  Ptr takeWeight(int64_t index, const Bases &bases);
  void releaseWeight(int64_t index, const Bases &bases);

  /// Begins a function of the ABI; the caller fills in the body after it.
  llvm::SmallVector<Ptr> begin(llvm::StringRef name, unsigned arguments,
                               std::optional<unsigned> integerArgument = {});
  void returnOk();
  void call(Ptr callee, llvm::ArrayRef<mlir::Value> arguments);
  Ptr bytes(Ptr p, Index count);
  Ptr stackSlots(int64_t count);

  mlir::ModuleOp module;
  mlir::OpBuilder &builder;
  mlir::Location loc;
  Emitter e;
  const Program &program;
  llvm::ArrayRef<KernelShape> shapes;
  llvm::DenseMap<int64_t, Ptr> weights; // taken and not yet released
};

} // namespace dit::codegen::cpu

#endif // DIT_CODEGEN_CPU_ENTRYPOINTS_H
