// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Modules of one region, written as text: the region under test, and what
// brings its operands to it.
#ifndef DIT_TEST_UNIT_CODEGEN_REGIONTEXT_H
#define DIT_TEST_UNIT_CODEGEN_REGIONTEXT_H

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace dit::test {

using Shape = std::vector<int64_t>; ///< -1 is the batch

/// `tensor<?x4x8xf32>` of {-1, 4, 8}.
std::string tensorType(const Shape &shape);

/// Collects a region's operands and ops and prints a module of phase `dit`
/// around them.
class RegionText {
public:
  static constexpr int64_t kLabels = 7;

  /// The network's input x is of shape `x`, batch first.
  RegionText(std::string kind, Shape x)
      : kind(std::move(kind)), x(std::move(x)) {}

  // Each adds an operand of the region and returns its name inside, `%a3`.
  std::string input();
  /// A view of x: from `first` on along `dim`.
  std::string slice(int64_t dim, int64_t first, int64_t size);
  /// Of x (N, T, D): some tokens' features from `feature` on.
  std::string slice(int64_t token, int64_t tokens, int64_t feature,
                    int64_t features);
  std::string weight(Shape shape);
  /// (N, width), a row of a table for each label: gathered in @denoise.
  std::string condition(int64_t width);

  /// Turns the first `heads` heads of `head` features of value (N, T, F) by a
  /// table that is a weight.
  std::string rotate(const std::string &value, const Shape &shape, int64_t head,
                     int64_t heads);
  /// Adds `%v3 = dit.<text>`, and returns `%v3`.
  std::string op(const std::string &text);
  /// One yield is the network's result; others of its shape are added to it
  /// outside.
  void yield(std::string value, Shape shape);

  std::string print() const;

private:
  std::string view(const std::string &from, const Shape &shape, int64_t dim,
                   int64_t first, int64_t size);
  std::string operand(std::string outer, Shape shape);

  std::string kind;
  Shape x, result;
  std::vector<std::pair<std::string, Shape>> operands;
  std::vector<std::string> outside, ops, yields;
};

} // namespace dit::test

#endif // DIT_TEST_UNIT_CODEGEN_REGIONTEXT_H
