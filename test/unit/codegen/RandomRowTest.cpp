// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// 200 random legal bodies of row regions, compiled, against the interpreter.
#include "CompiledModule.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <random>

namespace dit::test {

namespace {

/// Float32 keeps 24 bits, 6e-8; the longest chain here rounds some twenty
/// times, norms of short rows magnify a little. The median of the 200 is 1e-7.
/// A wrong operand or column moves a result by more than 1e-2.
constexpr double kBudget = 3e-6;

constexpr int64_t kLabels = 5;

/// A module whose @denoise is one random row region, the pieces of x that it
/// reads, and a concatenation of its results.
class RandomRows {
public:
  explicit RandomRows(uint64_t seed) : random(seed) {
    constexpr int64_t widths[] = {1, 7, 16, 33, 48, 64, 100, 129, 1152};
    width = widths[pick(std::size(widths))];
    tokens = pick(3) ? 1 + pick(6) : 0;
    makeSources();
    const int ops = 1 + pick(8);
    for (int i = 0; i < ops; ++i)
      addOp();
    chooseResults();
  }

  std::string text() const;
  size_t results() const { return yields.size(); }
  int64_t resultFloats() const { return std::max<int64_t>(tokens, 1) * width; }

private:
  struct Value {
    std::string name, type;
    int uses = 0;
  };
  int64_t pick(int64_t count) { return random() % count; }
  std::string rowType() const {
    return tokens ? fmt::format("tensor<?x{}x{}xf32>", tokens, width)
                  : condType();
  }
  std::string condType() const {
    return fmt::format("tensor<?x{}xf32>", width);
  }
  std::string vectorType() const {
    return fmt::format("tensor<{}xf32>", width);
  }

  void makeSources();
  void addOp();
  void chooseResults();
  /// A value of rows, the newer the likelier.
  std::string row();
  std::string source(const std::string &type);
  std::string input(const std::string &name, const std::string &type);

  std::mt19937_64 random;
  int64_t width, tokens, xFloats = 0;
  std::string outside, body;
  std::vector<Value> values;
  std::vector<std::string> inputs, inputTypes, yields;
  int names = 0;
};

std::string RandomRows::input(const std::string &name,
                              const std::string &type) {
  inputs.push_back(fmt::format("%i{} = {}", inputs.size(), name));
  inputTypes.push_back(type);
  return fmt::format("%i{}", inputs.size() - 1);
}

void RandomRows::makeSources() {
  const int count = 1 + pick(3);
  int64_t floats = std::max<int64_t>(tokens, 1) * width;
  xFloats = count * floats;
  for (int i = 0; i < count; ++i) {
    outside += fmt::format(
        "  %s{0} = dit.slice %x dim 1 offset {1} : tensor<?x{2}xf32> -> "
        "tensor<?x{3}xf32>\n",
        i, i * floats, xFloats, floats);
    std::string name = fmt::format("%s{}", i);
    if (tokens) {
      outside += fmt::format(
          "  %r{0} = dit.reshape %s{0} : tensor<?x{1}xf32> -> {2}\n", i, floats,
          rowType());
      name = fmt::format("%r{}", i);
    }
    values.push_back({input(name, rowType()), rowType(), 0});
  }
}

std::string RandomRows::row() {
  size_t last = values.size() - 1;
  Value &value = values[pick(2) ? last : pick(values.size())];
  ++value.uses;
  return value.name;
}

/// Something from outside: a condition, gathered from the table, or a weight.
std::string RandomRows::source(const std::string &type) {
  const int n = names++;
  if (type != condType()) {
    outside += fmt::format("  %w{0} = dit.weight \"w{0}\" : {1}\n", n, type);
    return input(fmt::format("%w{}", n), type);
  }
  outside += fmt::format(
      "  %w{0} = dit.weight \"w{0}\" : tensor<{1}x{2}xf32>\n"
      "  %c{0} = dit.label_embedding %y table(%w{0}) : tensor<?xi32>, "
      "tensor<{1}x{2}xf32> -> {3}\n",
      n, kLabels, width, type);
  return input(fmt::format("%c{}", n), type);
}

void RandomRows::addOp() {
  const std::string type = rowType(), cond = condType(), vec = vectorType();
  const std::string x = row();
  std::string op;
  switch (pick(11)) {
  case 0:
  case 1:
    op = fmt::format("layer_norm {} eps 1.0e-06 : {}", x, type);
    break;
  case 2:
    op = fmt::format(
        "layer_norm {} weight({} : {}) bias({} : {}) eps 1.0e-05 : {}", x,
        source(vec), vec, source(vec), vec, type);
    break;
  case 3:
    op = pick(2) ? fmt::format("rms_norm {} eps 1.0e-06 : {}", x, type)
                 : fmt::format("rms_norm {} weight({} : {}) eps 1.0e-06 : {}",
                               x, source(vec), vec, type);
    break;
  case 4:
  case 5:
    op = fmt::format("modulate {} shift({}) scale({}) : {}, {}", x,
                     source(cond), source(cond), type, cond);
    break;
  case 6:
    op = fmt::format("gate {} gate({}) : {}, {}", x, source(cond), type, cond);
    break;
  case 7:
    op = fmt::format("{} {}, {} : {}, {}", pick(2) ? "add" : "mul", x, row(),
                     type, type);
    break;
  case 8: {
    // Without the batch: (T, D) beside (N, T, D), (D) beside (N, D).
    std::string table =
        tokens ? fmt::format("tensor<{}x{}xf32>", tokens, width) : vec;
    op = fmt::format("{} {}, {} : {}, {}", pick(2) ? "add" : "mul", x,
                     source(table), type, table);
    break;
  }
  case 9:
    op = fmt::format("gelu {} {} : {}", pick(2) ? "tanh" : "erf", x, type);
    break;
  case 10:
    op = fmt::format("silu {} : {}", x, type);
    break;
  }
  const std::string name = fmt::format("%v{}", names++);
  body += fmt::format("    {} = dit.{}\n", name, op);
  values.push_back({name, type, 0});
}

/// Whatever nobody reads, and now and then something that is read as well.
void RandomRows::chooseResults() {
  for (const Value &value : values)
    if (value.name[1] == 'v' && (!value.uses || !pick(5)))
      yields.push_back(value.name);
}

std::string RandomRows::text() const {
  const std::string type = rowType();
  std::string results, resultTypes, operands, flat, flatTypes;
  for (size_t i = 0; i < yields.size(); ++i) {
    resultTypes += (i ? ", " : "") + type;
    results += (i ? ", " : "") + yields[i];
    flat += fmt::format("{}%f{}", i ? ", " : "", i);
    flatTypes +=
        fmt::format("{}tensor<?x{}xf32>", i ? ", " : "", resultFloats());
  }
  std::string types = fmt::format("{}", fmt::join(inputTypes, ", "));
  std::string out =
      fmt::format("tensor<?x{}xf32>", resultFloats() * yields.size());
  std::string text = fmt::format(
      "module attributes {{dit.phase = \"dit\", dit.name = \"random\", "
      "dit.spec = \"\"}} {{\n"
      "func.func @denoise(%x: tensor<?x{0}xf32> {{dit.name = \"x\", dit.from = "
      "\"input\"}}, "
      "%t: tensor<?xf32> {{dit.name = \"t\", dit.from = \"input\"}}, "
      "%y: tensor<?xi32> {{dit.name = \"y\", dit.from = \"input\"}}) -> ({1} "
      "{{dit.name = "
      "\"out\"}}) {{\n{2}  %k:{3} = dit.fused row ({4}) : ({5}) -> ({6}) "
      "{{\n{7}    dit.yield "
      "{8} : {6}\n  }}\n",
      xFloats, out, outside, yields.size(), fmt::join(inputs, ", "), types,
      resultTypes, body, results);
  for (size_t i = 0; i < yields.size(); ++i)
    text +=
        fmt::format("  %f{0} = dit.reshape %k#{0} : {1} -> tensor<?x{2}xf32>\n",
                    i, type, resultFloats());
  text += fmt::format(
      "  %out = dit.concat {} dim 1 : {} -> {}\n  return %out : {}\n}}\n}}\n",
      flat, flatTypes, out, out);
  return text;
}

class RandomRow : public testing::TestWithParam<int> {};

TEST_P(RandomRow, ComputesWhatTheInterpreterDoes) {
  RandomRows rows(GetParam());
  // One instruction set each, so that the 200 are not 400.
  const std::string arch =
      GetParam() % 2 && canRun("x86-64-v4") ? "x86-64-v4" : "x86-64-v3";
  CompiledModule module(rows.text(), arch);
  SCOPED_TRACE(arch + "\n" + rows.text());
  for (int64_t batch : {1, 3}) {
    Inputs inputs(batch, module.xFloats(), kLabels, GetParam());
    std::vector<float> got = module.run(inputs);
    std::vector<double> want = module.interpret(inputs);
    EXPECT_TRUE(got == module.run(inputs, 5));
    for (int64_t i = 0; i < batch * (int64_t)rows.results(); ++i)
      EXPECT_LE(relativeError(got, want, i * rows.resultFloats(),
                              rows.resultFloats()),
                kBudget)
          << "result " << i % rows.results() << " of sample "
          << i / rows.results() << " of " << batch;
  }
}

INSTANTIATE_TEST_SUITE_P(Bodies, RandomRow, testing::Range(0, 200));

} // namespace
} // namespace dit::test
