// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fusion passes that are wrong on purpose, for tests alone.
#ifndef DIT_TEST_PASSES_TOOL_WRONGFUSIONS_H
#define DIT_TEST_PASSES_TOOL_WRONGFUSIONS_H

namespace dit::test {

/// Registers --wrong-drop-gate, --wrong-swap-shift-scale, --wrong-second-user,
/// --wrong-broadcast, --wrong-order and --wrong-round-stream: modules of phase
/// dit or staged in, the same phase with some regions out.
void registerWrongFusions();

} // namespace dit::test

#endif // DIT_TEST_PASSES_TOOL_WRONGFUSIONS_H
