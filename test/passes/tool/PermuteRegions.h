// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A pass that writes regions in other ways which mean the same: what a region
// reads is said by its body, and nothing may go by the order of its operands.
#ifndef DIT_TEST_PASSES_TOOL_PERMUTEREGIONS_H
#define DIT_TEST_PASSES_TOOL_PERMUTEREGIONS_H

namespace dit::test {

/// `dit-test-permute-regions=seed=N [alias=true] [unread=false]`, for modules
/// of phase fused or planned.
void registerPermuteRegions();

} // namespace dit::test

#endif // DIT_TEST_PASSES_TOOL_PERMUTEREGIONS_H
