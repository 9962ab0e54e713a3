// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Prints the function around one region.
#include "RegionText.h"

#include <fmt/format.h>

namespace dit::test {

std::string tensorType(const Shape &shape) {
  std::string text = "tensor<";
  for (int64_t size : shape)
    text += (size < 0 ? "?" : std::to_string(size)) + "x";
  return text + "f32>";
}

std::string RegionText::operand(std::string outer, Shape shape) {
  operands.push_back({std::move(outer), std::move(shape)});
  return fmt::format("%a{}", operands.size() - 1);
}

std::string RegionText::input() { return operand("%x", x); }

std::string RegionText::view(const std::string &from, const Shape &shape,
                             int64_t dim, int64_t first, int64_t size) {
  Shape to = shape;
  to[dim] = size;
  std::string name = fmt::format("%s{}", outside.size());
  outside.push_back(fmt::format("{} = dit.slice {} dim {} offset {} : {} -> {}",
                                name, from, dim, first, tensorType(shape),
                                tensorType(to)));
  return name;
}

std::string RegionText::slice(int64_t dim, int64_t first, int64_t size) {
  Shape to = x;
  to[dim] = size;
  return operand(view("%x", x, dim, first, size), to);
}

std::string RegionText::slice(int64_t token, int64_t tokens, int64_t feature,
                              int64_t features) {
  std::string part = view("%x", x, 1, token, tokens);
  return operand(view(part, {x[0], tokens, x[2]}, 2, feature, features),
                 {x[0], tokens, features});
}

std::string RegionText::weight(Shape shape) {
  std::string name = fmt::format("%w{}", operands.size());
  outside.push_back(fmt::format("{} = dit.weight \"{}\" : {}", name,
                                name.substr(1), tensorType(shape)));
  return operand(name, std::move(shape));
}

std::string RegionText::condition(int64_t width) {
  size_t n = operands.size();
  std::string table = tensorType({kLabels, width});
  outside.push_back(
      fmt::format("%table{0} = dit.weight \"table{0}\" : {1}", n, table));
  outside.push_back(fmt::format("%c{0} = dit.embedding %y table(%table{0}) : "
                                "tensor<?xi32>, {1} -> {2}",
                                n, table, tensorType({-1, width})));
  return operand(fmt::format("%c{}", n), {-1, width});
}

std::string RegionText::rotate(const std::string &value, const Shape &shape,
                               int64_t head, int64_t heads) {
  Shape table = {shape[1], head};
  std::string by = weight(table);
  return op(fmt::format("rotate {} by({}) features {} : {}, {}", value, by,
                        head * heads, tensorType(shape), tensorType(table)));
}

std::string RegionText::op(const std::string &text) {
  ops.push_back(fmt::format("%v{} = dit.{}", ops.size(), text));
  return fmt::format("%v{}", ops.size() - 1);
}

void RegionText::yield(std::string value, Shape shape) {
  yields.push_back(std::move(value));
  result = std::move(shape);
}

std::string RegionText::print() const {
  std::string out = tensorType(result), inputs, types, body, yielded, results;
  for (size_t i = 0; i < operands.size(); ++i) {
    inputs += fmt::format("{}%a{} = {}", i ? ", " : "", i, operands[i].first);
    types += (i ? ", " : "") + tensorType(operands[i].second);
  }
  for (const std::string &value : yields) {
    yielded += (yielded.empty() ? "" : ", ") + value;
    results += (results.empty() ? "" : ", ") + out;
  }
  std::string text = fmt::format(
      "module attributes {{dit.phase = \"dit\", dit.name = \"test\", "
      "dit.spec = \"\"}} {{\n"
      "func.func @denoise(%x: {} {{dit.name = \"x\", dit.from = \"input\"}},\n"
      "    %t: tensor<?xf32> {{dit.every = \"condition\", dit.name = \"t\", "
      "dit.from = \"input\"}},\n"
      "    %y: tensor<?xi32> {{dit.every = \"condition\", dit.name = \"y\", "
      "dit.from = \"input\"}})\n"
      "    -> ({} {{dit.name = \"out\"}}) {{\n",
      tensorType(x), out);
  for (const std::string &line : outside)
    text += "  " + line + "\n";
  bool many = yields.size() > 1;
  text += fmt::format("  %r{} = dit.fused {} ({}) : ({}) -> ({}) {{\n",
                      many ? fmt::format(":{}", yields.size()) : "", kind,
                      inputs, types, results);
  for (const std::string &line : ops)
    text += "    " + line + "\n";
  text += fmt::format("    dit.yield {} : {}\n  }}\n", yielded, results);
  std::string sum = many ? "%r#0" : "%r";
  for (size_t i = 1; i < yields.size(); ++i) {
    text += fmt::format("  %sum{0} = dit.add {1}, %r#{0} : {2}, {2}\n", i, sum,
                        out);
    sum = fmt::format("%sum{}", i);
  }
  return text + fmt::format("  return {} : {}\n}}\n}}\n", sum, out);
}

} // namespace dit::test
