// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Puts a model's module together: a function for each kernel, and the
// artifact's functions (runtime/Abi.h), which launch them in order.
#include "codegen/cpu/Compile.h"
#include "codegen/host/Compile.h"
#include "codegen/host/EntryPoints.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace dit::codegen::cpu {

namespace {

FailureOr<KernelShape> emitBody(KernelBody &body) {
  switch (body.op().getKind()) {
  case KernelKind::Row:
    return emitRow(body);
  case KernelKind::Linear:
    return emitLinear(body);
  case KernelKind::Attention:
    return emitAttention(body);
  case KernelKind::Patch:
    return emitPatch(body);
  case KernelKind::Pack:
    return emitPack(body);
  }
  llvm_unreachable("every kind has a generator");
}

/// Its body calls sin and cos, which are the host's.
bool callsHost(FusedOp op) {
  return llvm::any_of(op.getBody().front(),
                      [](Operation &inner) { return isSinusoid(&inner); });
}

/// A function of type DitTask around the kernel's body. Its operands are the
/// region's operands, then its results, then what KernelOperands adds.
FailureOr<KernelShape> emitKernel(OpBuilder &builder, const Kernel &kernel,
                                  const Machine &machine) {
  Location loc = kernel.op->getLoc();
  MLIRContext *context = builder.getContext();
  Type ptr = LLVM::LLVMPointerType::get(context), i64 = builder.getI64Type();
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context),
                                          {ptr, i64, i64, i64, ptr});
  auto function = LLVM::LLVMFuncOp::create(builder, loc, kernel.name, type,
                                           LLVM::Linkage::Internal);
  OpBuilder::InsertionGuard guard(builder);
  Block *block = function.addEntryBlock(builder);
  builder.setInsertionPointToStart(block);

  Emitter e(builder, loc, machine.lanes);
  auto index = [&](int i) { return Index{&e, block->getArgument(i)}; };
  Ptr table{&e, block->getArgument(0)};
  KernelBody body{e,        machine,
                  kernel,   {},
                  {},       llvm::DenseMap<int64_t, Ptr>(),
                  index(1), index(2),
                  index(3), {&e, block->getArgument(4)},
                  {}};
  host::KernelOperands order(kernel, callsHost(kernel.op));
  for (size_t i = 0; i < kernel.operands.size(); ++i)
    body.operands.push_back(e.loadPtr(table, i));
  for (size_t i = 0; i < kernel.results.size(); ++i)
    body.results.push_back(e.loadPtr(table, kernel.operands.size() + i));
  for (auto [maker, at] : order.rowIndex)
    body.rowIndex[maker] = e.loadPtr(table, at);
  if (order.host)
    body.host = e.loadPtr(table, *order.host);

  FailureOr<KernelShape> shape = emitBody(body);
  if (succeeded(shape))
    LLVM::ReturnOp::create(builder, loc, ValueRange{});
  return shape;
}

} // namespace

Ptr KernelBody::sample(unsigned operand, Index n) const {
  const Place &place = kernel.operands[operand];
  if (!place.isBatched())
    return operands[operand];
  if (place.gathered)
    n = e.loadInt(rowIndex.lookup(place.index) + n);
  return past(place, operands[operand], n * place.strides[0]);
}

Ptr past(const Place &place, Ptr p, Index elements) {
  bool isBf16 = place.type.getElementType().isBF16();
  return isBf16 ? pastBf16(p, elements) : p + elements;
}

void storeAs(const Place &place, Num x, Ptr p, int64_t count) {
  if (place.type.getElementType().isBF16())
    x.e->storeBf16(x, p, count);
  else
    x.e->store(x, p, count);
}

FailureOr<OwningOpRef<ModuleOp>> assemble(ModuleOp planned, const Arch &arch,
                                          ManifestText manifest,
                                          host::ChainPlace place) {
  MLIRContext *context = planned.getContext();
  context
      ->loadDialect<arith::ArithDialect, LLVM::LLVMDialect, math::MathDialect,
                    scf::SCFDialect, ub::UBDialect, vector::VectorDialect>();
  FailureOr<Program> program = planLaunches(planned);
  if (failed(program))
    return failure();

  OwningOpRef<ModuleOp> module = ModuleOp::create(planned.getLoc());
  OpBuilder builder(context);
  builder.setInsertionPointToEnd(module->getBody());
  Report report;
  std::vector<host::Task> tasks;
  for (const Kernel &kernel : program->kernels) {
    FailureOr<KernelShape> shape = emitKernel(builder, kernel, arch.machine);
    if (failed(shape))
      return failure();
    report.scratchBytes = std::max(report.scratchBytes, shape->scratchBytes);
    tasks.push_back({shape->units, callsHost(kernel.op)});
  }
  report.program = std::move(*program);
  FailureOr<std::string> text = manifest(report);
  if (failed(text))
    return failure();
  host::EntryPoints(*module, builder, report.program, tasks)
      .emit(*text, /*code=*/"", place);
  return module;
}

LogicalResult compile(ModuleOp planned, const Arch &arch, ManifestText manifest,
                      StringRef path) {
  auto module = assemble(planned, arch, manifest);
  if (failed(module) || failed(host::lowerToLLVM(**module)))
    return failure();
  FailureOr<std::string> object =
      host::emitObject(**module, arch.name, arch.extensions);
  if (failed(object))
    return failure();
  if (llvm::Error error = host::linkSharedObject(*object, path))
    return planned.emitError() << llvm::toString(std::move(error));
  return success();
}

} // namespace dit::codegen::cpu
