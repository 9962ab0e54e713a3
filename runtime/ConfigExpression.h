// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Expressions over the keys of a model's config.json: what a spec's `import`
// makes of them, and what a checkpoint's config is held to.
#ifndef DIT_RUNTIME_CONFIGEXPRESSION_H
#define DIT_RUNTIME_CONFIGEXPRESSION_H

#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace dit::runtime {

/// What a name in an expression stands for; null where it is unknown.
using ConfigNames =
    std::function<const nlohmann::json *(const std::string &name)>;

/// A name's value as it is, null, true, false, or a number: + - * / (down,
/// each between blanks), parentheses, length(list), first(n), the list 0 .. n -
/// 1. Throws an Error for text that is none, and for a value that cannot be
/// counted with. Null where a name in it is unknown or null.
nlohmann::json evaluateConfig(std::string_view expression,
                              const ConfigNames &names);

/// Whether `text` is one name, and what is no name.
bool isConfigName(std::string_view text);

} // namespace dit::runtime

#endif // DIT_RUNTIME_CONFIGEXPRESSION_H
