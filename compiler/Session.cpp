// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Diagnostics go to stderr, `file:line:col: error: ...` with the line and a
// caret.
#include "compiler/Session.h"

#include "compiler/Importer.h"
#include "compiler/SpecChecks.h"
#include "compiler/Yaml.h"
#include "dialect/DiTDialect.h"
#include "dialect/Rate.h"
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

FailureOr<Input> Session::load(StringRef path, std::optional<Resolution> size,
                               ArrayRef<Setting> settings) {
  bool isIR = path.ends_with(".mlir");
  auto text = readTextFile(path, isIR ? kMaxIRBytes : kMaxSpecBytes);
  if (!text)
    return error(llvm::toString(text.takeError()));
  return loadText(path, *text, size, settings);
}

FailureOr<Input> Session::loadText(StringRef path, StringRef text,
                                   std::optional<Resolution> size,
                                   ArrayRef<Setting> settings) {
  bool isIR = path.ends_with(".mlir");
  auto buffer = llvm::MemoryBuffer::getMemBufferCopy(text, path);
  sources.AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
  // So that a mistake in a setting is shown as one in a file is.
  for (const Setting &setting : settings)
    sources.AddNewSourceBuffer(
        llvm::MemoryBuffer::getMemBufferCopy(setting.text, setting.file()),
        llvm::SMLoc());
  if (verifyDiagnostics)
    verifier = std::make_unique<SourceMgrDiagnosticVerifierHandler>(
        sources, &mlirContext);
  else
    printer = std::make_unique<SourceMgrDiagnosticHandler>(
        sources, &mlirContext, llvm::errs());
  if (isIR && size)
    return error("--size=" + size->show() + " is for a spec, but " + path +
                 " is IR of one size");
  if (isIR && !settings.empty())
    return error(settings.front().file() + " is for a spec, but " + path +
                 " is IR");
  return isIR ? loadIR(path) : loadSpec(path, text, size, settings);
}

FailureOr<Input> Session::loadSpec(StringRef path, StringRef text,
                                   std::optional<Resolution> size,
                                   ArrayRef<Setting> settings) {
  auto spec = parseSpec(&mlirContext, text, path, settings);
  if (failed(spec))
    return failure();
  if (size) {
    std::string reason = whyNotAt(*spec, *size);
    if (!reason.empty())
      return error(path + " cannot be compiled for " + size->show() + ": " +
                   reason);
    *spec = spec->at(*size);
  }
  OwningOpRef<ModuleOp> module = importSpec(&mlirContext, *spec);
  return Input{std::move(*spec), std::move(module), Phase::Dit};
}

/// Of the x that @denoise takes, where it takes one.
static std::optional<Resolution> sizeOf(ModuleOp module) {
  auto functions = functionsOf(module);
  func::FuncOp denoise = functions.empty() ? nullptr : functions.back();
  for (unsigned i = 0; denoise && i < denoise.getNumArguments(); ++i) {
    auto type = dyn_cast<RankedTensorType>(denoise.getArgumentTypes()[i]);
    auto name = denoise.getArgAttrOfType<StringAttr>(i, kNameAttr);
    if (name && name.getValue() == "x" && type && type.getRank() == 4)
      return Resolution{type.getDimSize(2), type.getDimSize(3)};
  }
  return std::nullopt;
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
    // The text may name several sizes; the IR is of one.
    input.spec = spec->at(sizeOf(*input.module).value_or(spec->size()));
  }
  return input;
}
