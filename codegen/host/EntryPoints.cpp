// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Emits the functions of runtime/Abi.h. Offsets into DitHost and DitLaunch are
// theirs; the static_asserts hold them together.
#include "codegen/host/EntryPoints.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "runtime/Abi.h"

#include <cstddef>

using namespace mlir;

namespace dit::codegen::host {

namespace {

static_assert(offsetof(DitHost, context) == 0 &&
              offsetof(DitHost, launch) == 8 &&
              offsetof(DitHost, weight) == 16 &&
              offsetof(DitHost, release) == 24);
static_assert(offsetof(DitLaunch, task) == 8 &&
              offsetof(DitLaunch, operands) == 16 &&
              offsetof(DitLaunch, rows) == 24 &&
              offsetof(DitLaunch, units) == 32 && sizeof(DitLaunch) == 40);

static_assert(offsetof(DitCall, host) == 0 && offsetof(DitCall, rows) == 8 &&
              offsetof(DitCall, prepared) == 16 &&
              offsetof(DitCall, arena) == 24 &&
              offsetof(DitCall, inputs) == 32 &&
              offsetof(DitCall, tables) == 40 &&
              offsetof(DitCall, outputs) == 48);
static_assert(offsetof(DitTable, row_index) == 8 && sizeof(DitTable) == 16);

// The slots of the structs above, eight bytes each.
enum HostSlot { kContext, kLaunchService, kWeightService, kReleaseService };
enum LaunchSlot { kKernel, kTask, kOperands, kRows, kUnits, kLaunchSlots };
enum CallSlot {
  kHost,
  kCallRows,
  kPrepared,
  kArena,
  kInputs,
  kTables,
  kOutputs
};
constexpr int64_t kTableSlots = 2; // rows, row_index

LLVM::LLVMPointerType pointer(OpBuilder &builder) {
  return LLVM::LLVMPointerType::get(builder.getContext());
}

} // namespace

KernelOperands::KernelOperands(const Kernel &kernel, bool takesHost) {
  size_t next = kernel.operands.size() + kernel.results.size();
  for (const Place &place : kernel.operands)
    if (place.gathered && rowIndex.insert({place.index, next}).second)
      ++next;
  if (takesHost)
    host = next++;
  count = next;
}

EntryPoints::EntryPoints(ModuleOp module, OpBuilder &builder,
                         const Program &program, ArrayRef<Task> tasks)
    : module(module), builder(builder), loc(module.getLoc()),
      e(builder, loc, 1), program(program), tasks(tasks) {
  assert(tasks.empty() || tasks.size() == program.kernels.size());
  builder.getContext()->loadDialect<arith::ArithDialect, LLVM::LLVMDialect>();
}

void EntryPoints::emit(StringRef manifest, StringRef code, ChainPlace place) {
  for (const Function &function : program.functions)
    emitFunction(function);
  emitArtifact(manifest, code, place);
  if (place.index == 0)
    emitEntry();
  builder.setInsertionPointToEnd(module.getBody());
}

Ptr EntryPoints::begin(StringRef name) {
  // DitStatus: an int32 and a pointer come back in two registers.
  auto status = LLVM::LLVMStructType::getLiteral(
      builder.getContext(), {builder.getI32Type(), pointer(builder)});
  builder.setInsertionPointToEnd(module.getBody());
  auto function = LLVM::LLVMFuncOp::create(
      builder, loc, name,
      LLVM::LLVMFunctionType::get(status, {pointer(builder)}),
      LLVM::Linkage::Internal);
  Block *block = function.addEntryBlock(builder);
  builder.setInsertionPointToStart(block);
  return {&e, block->getArgument(0)};
}

void EntryPoints::returnOk() {
  auto function = cast<LLVM::LLVMFuncOp>(builder.getBlock()->getParentOp());
  Value zero = LLVM::ZeroOp::create(builder, loc,
                                    function.getFunctionType().getReturnType());
  LLVM::ReturnOp::create(builder, loc, zero);
}

void EntryPoints::call(Ptr callee, ArrayRef<Value> arguments) {
  SmallVector<Type> types;
  for (Value argument : arguments)
    types.push_back(argument.getType());
  auto type = LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(builder.getContext()), types);
  SmallVector<Value> operands{callee.v};
  llvm::append_range(operands, arguments);
  LLVM::CallOp::create(builder, loc, type, operands);
}

Ptr EntryPoints::bytes(Ptr p, Index count) {
  return {&e,
          LLVM::GEPOp::create(builder, loc, pointer(builder),
                              builder.getI8Type(), p.v, ValueRange{count.v})};
}

Ptr EntryPoints::stackSlots(int64_t count) {
  return {&e,
          LLVM::AllocaOp::create(builder, loc, pointer(builder),
                                 builder.getI64Type(), e.index(count).v, 16)};
}

KernelOperands EntryPoints::operandsOf(size_t kernel) const {
  return {program.kernels[kernel], !tasks.empty() && tasks[kernel].takesHost};
}

Index EntryPoints::unitsOf(const Units &units, Index rows) {
  return (rows * units.perRow + (units.granule - 1)) / units.granule *
         units.columns;
}

Ptr EntryPoints::tableField(const Bases &bases, int64_t maker, int64_t field) {
  const auto &tables = bases.function.tables;
  int64_t number =
      llvm::find(tables, static_cast<size_t>(maker)) - tables.begin();
  return e.loadPtr(bases.tables, number * kTableSlots + field);
}

Ptr EntryPoints::address(const Place &place, const Bases &bases) {
  Ptr base;
  switch (place.base) {
  case Base::Input:
    base = e.loadPtr(bases.inputs, place.index);
    break;
  case Base::Output:
    base = e.loadPtr(bases.outputs, place.index);
    break;
  case Base::Arena:
    base = bases.arena;
    break;
  case Base::Prepared:
    base = bases.prepared;
    break;
  case Base::Table:
    base = place.gathered ? tableField(bases, place.index, 0)
                          : e.loadPtr(bases.outputs, 0);
    break;
  case Base::Weight:
    base = weights.lookup(place.index);
    break;
  }
  return bytes(base, bases.rows * place.offsetPerRow + place.offset);
}

void EntryPoints::launch(const Launch &launch, size_t number,
                         const Bases &bases, Ptr operands, Ptr record) {
  size_t slot = 0;
  for (const Place &place : launch.operands)
    e.storePtr(address(place, bases), operands, slot++);
  for (const Place &place : launch.results)
    e.storePtr(address(place, bases), operands, slot++);
  KernelOperands order = operandsOf(launch.kernel);
  for (auto [maker, at] : order.rowIndex)
    e.storePtr(tableField(bases, maker, 1), operands, at);
  if (order.host)
    e.storePtr(bases.host, operands, *order.host);

  Index units = e.index(0);
  Ptr task{&e, LLVM::ZeroOp::create(builder, loc, pointer(builder))};
  if (!tasks.empty()) {
    units = unitsOf(tasks[launch.kernel].units, bases.rows);
    task.v = LLVM::AddressOfOp::create(builder, loc, pointer(builder),
                                       program.kernels[launch.kernel].name);
  }
  e.storePtr({&e, e.index(number).v}, record, kKernel);
  e.storePtr(task, record, kTask);
  e.storePtr(operands, record, kOperands);
  e.storePtr({&e, bases.rows.v}, record, kRows);
  e.storePtr({&e, units.v}, record, kUnits);
  call(e.loadPtr(bases.host, kLaunchService),
       {e.loadPtr(bases.host, kContext).v, record.v});
}

Ptr EntryPoints::takeWeight(int64_t index, const Bases &bases) {
  Value narrow = arith::ConstantIntOp::create(builder, loc, index, 32);
  auto type = LLVM::LLVMFunctionType::get(
      pointer(builder), {pointer(builder), builder.getI32Type()});
  auto taken = LLVM::CallOp::create(
      builder, loc, type,
      ValueRange{e.loadPtr(bases.host, kWeightService).v,
                 e.loadPtr(bases.host, kContext).v, narrow});
  return {&e, taken.getResult()};
}

void EntryPoints::releaseWeight(int64_t index, const Bases &bases) {
  Value narrow = arith::ConstantIntOp::create(builder, loc, index, 32);
  call(e.loadPtr(bases.host, kReleaseService),
       {e.loadPtr(bases.host, kContext).v, narrow});
}

void EntryPoints::launchAll(const std::vector<Launch> &launches, Bases &bases) {
  size_t mostOperands = 1;
  DenseMap<int64_t, size_t> lastUse;
  for (auto [number, launch] : llvm::enumerate(launches)) {
    mostOperands = std::max(mostOperands, operandsOf(launch.kernel).count);
    for (const Place &place : launch.operands)
      if (place.base == Base::Weight)
        lastUse[place.index] = number;
  }
  Ptr operands = stackSlots(mostOperands), record = stackSlots(kLaunchSlots);
  weights.clear();
  for (auto [number, current] : llvm::enumerate(launches)) {
    for (const Place &place : current.operands)
      if (place.base == Base::Weight && !weights.contains(place.index))
        weights[place.index] = takeWeight(place.index, bases);
    launch(current, number, bases, operands, record);
    for (const Place &place : current.operands)
      if (place.base == Base::Weight && lastUse[place.index] == number &&
          weights.erase(place.index))
        releaseWeight(place.index, bases);
  }
}

void EntryPoints::emitFunction(const Function &function) {
  Ptr call = begin(function.name);
  Index rows = e.index(1);
  if (function.rate != Rate::Load)
    rows.v = LLVM::PtrToIntOp::create(builder, loc, builder.getI64Type(),
                                      e.loadPtr(call, kCallRows).v);
  Bases bases{function,
              e.loadPtr(call, kHost),
              rows,
              e.loadPtr(call, kPrepared),
              e.loadPtr(call, kArena),
              e.loadPtr(call, kInputs),
              e.loadPtr(call, kTables),
              e.loadPtr(call, kOutputs)};
  launchAll(function.launches, bases);
  returnOk();
}

} // namespace dit::codegen::host
