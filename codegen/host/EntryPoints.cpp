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

// The slots of the structs above, eight bytes each.
enum HostSlot { kContext, kLaunchService, kWeightService, kReleaseService };
enum LaunchSlot { kKernel, kTask, kOperands, kRows, kUnits, kLaunchSlots };
enum StateSlot { kHost, kPrepared };
enum PlanSlot { kState, kPlanRows, kArena };

LLVM::LLVMPointerType pointer(OpBuilder &builder) {
  return LLVM::LLVMPointerType::get(builder.getContext());
}

} // namespace

KernelOperands::KernelOperands(const Kernel &kernel, bool takesHost) {
  size_t next = kernel.operands.size() + kernel.results.size();
  if (llvm::any_of(kernel.operands, [](const Place &p) { return p.gathered; }))
    rowIndex = next++;
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
  emitPreparing("prepare", program.prepare);
  if (!program.tables.empty())
    emitPreparing("tabulate", program.tables);
  emitCreate();
  emitPlan();
  emitCondition();
  emitDenoise();
  emitArtifact(manifest, code, place);
  if (place.index == 0)
    emitEntry();
  builder.setInsertionPointToEnd(module.getBody());
}

SmallVector<Ptr> EntryPoints::begin(StringRef name, unsigned arguments,
                                    std::optional<unsigned> integerArgument) {
  SmallVector<Type> types(arguments, pointer(builder));
  if (integerArgument)
    types[*integerArgument] = builder.getI64Type();
  // DitStatus: an int32 and a pointer come back in two registers.
  auto status = LLVM::LLVMStructType::getLiteral(
      builder.getContext(), {builder.getI32Type(), pointer(builder)});
  builder.setInsertionPointToEnd(module.getBody());
  auto function = LLVM::LLVMFuncOp::create(
      builder, loc, name, LLVM::LLVMFunctionType::get(status, types),
      LLVM::Linkage::Internal);
  Block *block = function.addEntryBlock(builder);
  builder.setInsertionPointToStart(block);
  SmallVector<Ptr> args;
  for (BlockArgument arg : block->getArguments())
    args.push_back({&e, arg});
  return args;
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

Ptr EntryPoints::address(const Place &place, const Bases &bases) {
  Ptr base;
  switch (place.base) {
  case Base::Input:
    base = bases.inputs[place.index];
    break;
  case Base::Output:
    base = bases.outputs[place.index];
    break;
  case Base::Arena:
    base = bases.arena;
    break;
  case Base::Prepared:
    base = bases.prepared;
    break;
  case Base::Table:
    base = bases.table;
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
  if (order.rowIndex)
    e.storePtr(bases.rowIndex, operands, *order.rowIndex);
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

void EntryPoints::emitPreparing(StringRef name,
                                const std::vector<Launch> &launches) {
  auto args = begin(name, 2); // host, prepared
  Bases bases{args[0], e.index(1), {}, args[1], {}, {}, {}, {}};
  launchAll(launches, bases);
  returnOk();
}

void EntryPoints::emitCreate() {
  auto args = begin("create", 3); // host, prepared, state
  e.storePtr(args[0], args[2], kHost);
  e.storePtr(args[1], args[2], kPrepared);
  returnOk();
}

void EntryPoints::emitPlan() {
  auto args =
      begin("plan", 4, /*integerArgument=*/1); // state, rows, arena, plan
  e.storePtr(args[0], args[3], kState);
  e.storePtr(args[1], args[3], kPlanRows);
  e.storePtr(args[2], args[3], kArena);
  returnOk();
}

void EntryPoints::emitCondition() {
  auto args = begin("condition", 6,
                    /*integerArgument=*/3); // state, t, y, rows, arena, table
  Bases bases{e.loadPtr(args[0], kHost),
              {&e, args[3].v},
              args[4],
              e.loadPtr(args[0], kPrepared),
              args[5],
              {},
              {},
              {}};
  bases.inputs = {Ptr{}, args[1], args[2]};
  launchAll(program.condition, bases);
  returnOk();
}

void EntryPoints::emitDenoise() {
  auto args = begin("denoise", 5); // plan, x, row_index, table, out
  Ptr state = e.loadPtr(args[0], kState);
  Value rows = LLVM::PtrToIntOp::create(builder, loc, builder.getI64Type(),
                                        e.loadPtr(args[0], kPlanRows).v);
  Bases bases{e.loadPtr(state, kHost),
              {&e, rows},
              e.loadPtr(args[0], kArena),
              e.loadPtr(state, kPrepared),
              args[3],
              args[2],
              {},
              {}};
  bases.inputs = {args[1], Ptr{}, Ptr{}};
  bases.outputs = {args[4]};
  launchAll(program.denoise, bases);
  returnOk();
}

} // namespace dit::codegen::host
