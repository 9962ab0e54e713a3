// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The text of an expression, in both directions.
#include "runtime/Layout.h"

#include <charconv>

namespace dit::runtime {
namespace {

using Kind = LayoutExpression::Kind;
constexpr std::pair<std::string_view, Kind> kFunctions[] = {
    {"concat", Kind::Concat},
    {"swap", Kind::Swap},
    {"rows", Kind::Rows},
    {"same", Kind::Same}};

/// Recursive descent over one text.
class Parser {
public:
  explicit Parser(std::string_view text) : text(text) {}

  LayoutExpression whole() {
    LayoutExpression e = expression(false, 0);
    if (skipBlanks(); at < text.size())
      complain(at, fmt::format("an expression of a layout goes on after its "
                               "end, with {}",
                               inQuotes(text.substr(at))));
    return e;
  }

private:
  [[noreturn]] static void complain(size_t at, std::string sentence) {
    throw LayoutError(at, std::move(sentence));
  }

  void skipBlanks() {
    while (at < text.size() && text[at] == ' ')
      ++at;
  }
  bool take(char c) {
    skipBlanks();
    if (at >= text.size() || text[at] != c)
      return false;
    ++at;
    return true;
  }
  void expect(char c, std::string_view function) {
    if (!take(c))
      complain(at, fmt::format("{} lacks a '{}'", function, c));
  }

  /// Up to one of `ends` outside of braces.
  std::string_view upTo(std::string_view ends) {
    size_t start = at, braces = 0;
    for (; at < text.size(); ++at) {
      char c = text[at];
      if (c == '{')
        ++braces;
      else if (c == '}' && braces > 0)
        --braces;
      else if (braces == 0 && ends.find(c) != ends.npos)
        break;
    }
    if (braces > 0)
      complain(start,
               fmt::format("{} lacks a '}}'", inQuotes(text.substr(start))));
    return text.substr(start, at - start);
  }

  /// A size of `rows`, which may have parentheses and commas of its own.
  std::string size() {
    skipBlanks();
    size_t start = at, depth = 0;
    for (; at < text.size(); ++at) {
      char c = text[at];
      if (depth == 0 && (c == ',' || c == ')'))
        break;
      depth += c == '(';
      depth -= c == ')';
    }
    std::string_view found = text.substr(start, at - start);
    while (found.ends_with(' '))
      found.remove_suffix(1);
    if (found.empty())
      complain(start, "rows(a, from, to) lacks a number");
    return std::string(found);
  }

  LayoutExpression expression(bool inSame, int depth) {
    constexpr int deepest = 16;
    skipBlanks();
    size_t start = at;
    if (depth > deepest)
      complain(start, fmt::format("an expression of a layout nests at most {} "
                                  "functions",
                                  deepest));
    std::string name(upTo(" ,()"));
    if (take('('))
      return function(name, start, inSame, depth);
    if (name.empty())
      complain(start, "an expression of a layout lacks a tensor's name");
    bool hasStar =
        name.find('*') < name.size() - (name.ends_with(".*") ? 1 : 0);
    if (hasStar && !inSame)
      complain(start, fmt::format("{} has a '*', which stands for any text in "
                                  "same(..) alone",
                                  inQuotes(name)));
    return LayoutExpression::tensor(std::move(name));
  }

  LayoutExpression function(const std::string &name, size_t start, bool inSame,
                            int depth) {
    LayoutExpression e;
    const std::pair<std::string_view, Kind> *found = nullptr;
    for (const auto &function : kFunctions)
      if (function.first == name)
        found = &function;
    if (!found || inSame)
      complain(start,
               inSame ? "same(..) takes one name"
                      : fmt::format("{} is no function of a layout: there are "
                                    "concat, swap, rows and same",
                                    inQuotes(name)));
    e.kind = found->second;
    e.operands.push_back(expression(e.kind == Kind::Same, depth + 1));
    while (e.kind == Kind::Concat && take(','))
      e.operands.push_back(expression(false, depth + 1));
    if (e.kind == Kind::Rows) {
      expect(',', name);
      e.from = size();
      expect(',', name);
      e.to = size();
    }
    expect(')', name);
    return e;
  }

  std::string_view text;
  size_t at = 0;
};

} // namespace

LayoutExpression LayoutExpression::tensor(std::string name) {
  LayoutExpression e;
  e.name = std::move(name);
  return e;
}

void LayoutExpression::visitNames(
    const std::function<void(const std::string &)> &what) const {
  if (kind == Kind::Name)
    what(name);
  for (const LayoutExpression &operand : operands)
    operand.visitNames(what);
}

std::string LayoutExpression::text() const {
  std::string shown;
  for (const auto &[function, of] : kFunctions)
    if (of == kind)
      shown = std::string(function) + "(";
  if (shown.empty())
    return name;
  for (size_t i = 0; i < operands.size(); ++i)
    shown += (i > 0 ? ", " : "") + operands[i].text();
  if (kind == Kind::Rows)
    shown += ", " + from + ", " + to;
  return shown + ")";
}

LayoutExpression parseLayoutExpression(std::string_view text) {
  return Parser(text).whole();
}

int64_t rowOf(const std::string &text) {
  int64_t row = -1;
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), row);
  if (error != std::errc() || end != text.data() + text.size() || row < 0)
    fail("{} is no row's number", inQuotes(text));
  return row;
}

bool matchesPattern(std::string_view pattern, std::string_view name) {
  size_t star = pattern.find('*');
  if (star == std::string_view::npos)
    return pattern == name;
  if (!name.starts_with(pattern.substr(0, star)))
    return false;
  pattern.remove_prefix(star + 1);
  for (size_t at = star; at <= name.size(); ++at)
    if (matchesPattern(pattern, name.substr(at)))
      return true;
  return false;
}

} // namespace dit::runtime
