// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a model's weights are made of in a checkpoint that has other names for
// them, or other tensors.
#ifndef DIT_RUNTIME_LAYOUT_H
#define DIT_RUNTIME_LAYOUT_H

#include "runtime/Error.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace dit::runtime {

/// A tensor of the file by its name; `concat(a, b, ..)` along the first
/// dimension; `swap(a)`, whose two halves are exchanged; `rows(a, from, to)`,
/// without `to`; `same(pattern)`, all tensors that the pattern names (* is any
/// text), which must be equal.
struct LayoutExpression {
  enum class Kind { Name, Concat, Swap, Rows, Same };
  Kind kind = Kind::Name;
  std::string name; ///< of a tensor, in `same` with *
  std::vector<LayoutExpression> operands;
  std::string from, to; ///< of `rows`: numbers, in a spec sizes

  static LayoutExpression tensor(std::string name);
  /// Calls `what` with each tensor's name, or pattern.
  void visitNames(const std::function<void(const std::string &)> &what) const;
  std::string text() const;
};

/// A mistake in an expression, `at` bytes from where it begins.
class LayoutError : public Error {
public:
  LayoutError(size_t at, std::string sentence)
      : Error(std::move(sentence)), at(at) {}
  size_t at;
};

/// Throws a LayoutError. A name may have anything but blanks, commas and
/// parentheses, and within {braces} those, too.
LayoutExpression parseLayoutExpression(std::string_view text);

/// The number that `from` or `to` of a manifest's expression is; throws an
/// Error.
int64_t rowOf(const std::string &text);

/// One weight whose tensor the file calls otherwise, or makes of several.
struct LayoutWeight {
  std::string name, expression;
};

/// A way to store the model's weights; those that it does not list are stored
/// under their own names.
struct Layout {
  std::string name;
  std::vector<LayoutWeight> weights;
};

/// Whether `name` is what `pattern`, with * for any text, describes.
bool matchesPattern(std::string_view pattern, std::string_view name);

} // namespace dit::runtime

#endif // DIT_RUNTIME_LAYOUT_H
