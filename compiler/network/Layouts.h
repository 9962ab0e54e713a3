// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The section `weights` of a spec: what the weights are called, and made of, in
// checkpoints that do not have the spec's names.
#ifndef DIT_COMPILER_NETWORK_LAYOUTS_H
#define DIT_COMPILER_NETWORK_LAYOUTS_H

#include "compiler/Spec.h"
#include "compiler/network/Sizes.h"
#include "runtime/Layout.h"

namespace dit {

/// The expression at `node`; nothing after a mistake, which is diagnosed.
std::optional<runtime::LayoutExpression> readLayout(const YamlNode &node,
                                                    const Places &places);

/// Fills in spec.layouts, sizes in which are `sizes`: what the rules of
/// spec.network say of each weight. Rules of a design that no weight has a use
/// for are taken out of the network.
mlir::LogicalResult resolveLayouts(Spec &spec, Sizes &sizes);

} // namespace dit

#endif // DIT_COMPILER_NETWORK_LAYOUTS_H
