// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A spec, and the network of it where that is small.
#include "Fuzz.h"

#include "compiler/Importer.h"
#include "compiler/Spec.h"
#include "dialect/DiTDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.loadDialect<dit::DiTDialect, func::FuncDialect>();
  ScopedDiagnosticHandler quiet(&context, [](Diagnostic &) {});
  auto spec = dit::parseSpec(&context, asText(data, size), "input.yaml");
  if (failed(spec) || spec->depth.value > 4)
    return 0;
  // What the reader takes, the rest of the compiler must take, at every size.
  std::vector<dit::Resolution> sizes{spec->size()};
  for (const auto &size : spec->resolutions)
    sizes.push_back(size);
  for (dit::Resolution size : sizes) {
    auto module = dit::importSpec(&context, spec->at(size));
    if (!module || failed(verify(*module)))
      __builtin_trap();
  }
  return 0;
}
