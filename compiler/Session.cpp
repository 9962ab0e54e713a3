// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Diagnostics go to stderr, `file:line:col: error: ...` with the line and a
// caret.
#include "compiler/Session.h"

#include "compiler/Importer.h"
#include "compiler/Yaml.h"
#include "dialect/DiTDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;
using namespace dit;

/// The most bytes of IR text: DiT-XL's has under one million.
static constexpr size_t kMaxIRBytes = 1 << 28;

Session::Session(StringRef command, bool verifyDiagnostics)
    : command(command), verifyDiagnostics(verifyDiagnostics),
      mlirContext(MLIRContext::Threading::DISABLED) {
  mlirContext.loadDialect<DiTDialect, func::FuncDialect>();
  mlirContext.printOpOnDiagnostic(false);
  mlirContext.printStackTraceOnDiagnostic(false);
}

Session::~Session() = default;

LogicalResult Session::error(const llvm::Twine &sentence) {
  llvm::errs() << command << ": error: " << sentence << '\n';
  return failure();
}

int Session::exitCode(LogicalResult result) {
  if (verifier)
    return failed(verifier->verify());
  return failed(result);
}

FailureOr<Input> Session::load(StringRef path) {
  bool isIR = path.ends_with(".mlir");
  auto text = readTextFile(path, isIR ? kMaxIRBytes : kMaxSpecBytes);
  if (!text)
    return error(llvm::toString(text.takeError()));
  auto buffer = llvm::MemoryBuffer::getMemBufferCopy(*text, path);
  sources.AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
  if (verifyDiagnostics)
    verifier = std::make_unique<SourceMgrDiagnosticVerifierHandler>(
        sources, &mlirContext);
  else
    printer = std::make_unique<SourceMgrDiagnosticHandler>(
        sources, &mlirContext, llvm::errs());
  return isIR ? loadIR(path) : loadSpec(path, *text);
}

FailureOr<Input> Session::loadSpec(StringRef path, StringRef text) {
  auto spec = parseSpec(&mlirContext, text, path);
  if (failed(spec))
    return failure();
  OwningOpRef<ModuleOp> module = importSpec(&mlirContext, *spec);
  return Input{std::move(*spec), std::move(module), Phase::Dit};
}

FailureOr<Input> Session::loadIR(StringRef path) {
  OwningOpRef<ModuleOp> module =
      parseSourceFile<ModuleOp>(sources, &mlirContext);
  if (!module)
    return failure();
  auto phase = phaseOf(*module);
  if (failed(phase))
    return failure();
  Input input{Spec(), std::move(module), *phase};
  // Hand-written IR may do without a spec until an artifact is made of it.
  if (auto text = (*input.module)->getAttrOfType<StringAttr>(kSpecAttr)) {
    auto spec = parseSpec(&mlirContext, text, path.str() + " (dit.spec)");
    if (failed(spec))
      return failure();
    input.spec = std::move(*spec);
  }
  return input;
}
