// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A dialect that no pass knows: what shows that a pass goes by operands and
// traits, not by names.
#ifndef DIT_TEST_PASSES_TOOL_TESTDIALECT_H
#define DIT_TEST_PASSES_TOOL_TESTDIALECT_H

#include "mlir/IR/DialectRegistry.h"

namespace dit::test {

/// Registers the dialect `test` with `test.pure`, which has no side effects,
/// and `test.effect`, which has unknown ones: any operands, any results.
void registerTestDialect(mlir::DialectRegistry &registry);

} // namespace dit::test

#endif // DIT_TEST_PASSES_TOOL_TESTDIALECT_H
