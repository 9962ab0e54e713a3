// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds a section in an ELF shared object without loading it.
#ifndef DIT_RUNTIME_ELF_H
#define DIT_RUNTIME_ELF_H

#include <optional>
#include <string_view>

namespace dit::runtime {

/// The bytes of the section `name` in an ELF64 shared object for x86-64, or
/// nothing when it has none. Every offset is checked against `file`, those of
/// the loadable segments too, so that the loader never maps past its end.
/// Throws an Error (without the file's name) when the file is something else,
/// truncated or malformed.
std::optional<std::string_view> findSection(std::string_view file,
                                            std::string_view name);

} // namespace dit::runtime

#endif // DIT_RUNTIME_ELF_H
