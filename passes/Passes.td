// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The passes, dit -> dit: one def, one file, one flag, one lit test each.
#ifndef DIT_PASSES_PASSES_TD
#define DIT_PASSES_PASSES_TD

include "mlir/Pass/PassBase.td"

#endif // DIT_PASSES_PASSES_TD
