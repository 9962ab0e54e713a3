// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/network/Sizes.h"

#include "compiler/MappingReader.h"
#include "runtime/Error.h"
#include "llvm/ADT/StringExtras.h"
#include <charconv>
#include <cmath>

using namespace mlir;
using namespace dit;

namespace {
/// Beyond it no size makes sense, and below it no product of two overflows.
constexpr int64_t kLargest = int64_t(1) << 30;
constexpr unsigned kMaxParentheses = 32;

/// The place `offset` characters into the text of a scalar.
LocationAttr inside(const YamlNode &node, size_t offset) {
  auto start = dyn_cast_if_present<FileLineColLoc>(node.loc);
  if (!start)
    return node.loc;
  return FileLineColLoc::get(start.getFilename(), start.getLine(),
                             start.getColumn() + offset + node.quoted);
}

bool isName(char c) { return llvm::isAlnum(c) || c == '_' || c == '.'; }
} // namespace

/// Recursive descent over one scalar; the first mistake ends it.
class Sizes::Parser {
public:
  Parser(Sizes &sizes, const YamlNode &node)
      : sizes(sizes), node(node), text(node.text) {}

  std::optional<double> parse() {
    auto value = sum();
    if (value && !rest().empty())
      return fail() << "a size goes on after its end, with "
                    << runtime::inQuotes(rest()),
             std::nullopt;
    return value;
  }

private:
  StringRef rest() { return text.drop_front(at).ltrim(); }
  bool take(char c) {
    if (!rest().starts_with(StringRef(&c, 1)))
      return false;
    at = text.size() - rest().size() + 1;
    return true;
  }
  InFlightDiagnostic fail() {
    return sizes.places.error(inside(node, text.size() - rest().size()));
  }

  std::optional<double> sum() {
    auto left = product();
    while (left) {
      bool isPlus = take('+');
      if (!isPlus && !take('-'))
        break;
      auto right = product();
      if (!right)
        return std::nullopt;
      left = isPlus ? *left + *right : *left - *right;
    }
    return left;
  }

  std::optional<double> product() {
    auto left = factor();
    while (left) {
      bool isTimes = take('*');
      if (!isTimes && !take('/'))
        break;
      auto right = factor();
      if (!right)
        return std::nullopt;
      if (!isTimes && *right == 0)
        return fail() << "a size cannot be divided by 0", std::nullopt;
      left = isTimes ? *left * *right : std::floor(*left / *right);
    }
    return left;
  }

  std::optional<double> factor() {
    if (take('(')) {
      if (++depth > kMaxParentheses)
        return fail() << "a size nests at most " << kMaxParentheses
                      << " parentheses",
               std::nullopt;
      auto value = sum();
      if (value && !take(')'))
        return fail() << "a size lacks a ')'", std::nullopt;
      --depth;
      return value;
    }
    StringRef word = rest().take_while(isName);
    if (word.empty())
      return fail() << "a size must be an integer, or names of sizes with "
                       "+ - * / and parentheses, but found "
                    << (rest().empty() ? "its end" : runtime::inQuotes(rest())),
             std::nullopt;
    size_t start = text.size() - rest().size();
    at = start + word.size();
    if (llvm::isDigit(word.front()))
      return literal(word, start);
    if ((word == "min" || word == "max") && take('('))
      return extreme(word == "min");
    return named(word, start);
  }

  std::optional<double> literal(StringRef word, size_t start) {
    double value;
    auto [end, error] = std::from_chars(word.begin(), word.end(), value);
    if (error == std::errc() && end == word.end())
      return value;
    sizes.places.error(inside(node, start))
        << "a size must be made of integers and names, but found "
        << runtime::inQuotes(word);
    return std::nullopt;
  }

  std::optional<double> extreme(bool isMin) {
    auto value = sum();
    while (value && take(',')) {
      auto next = sum();
      if (!next)
        return std::nullopt;
      value = isMin ? std::min(*value, *next) : std::max(*value, *next);
    }
    if (value && !take(')'))
      return fail() << "a size lacks a ')'", std::nullopt;
    return value;
  }

  std::optional<double> named(StringRef word, size_t start) {
    Number *number = sizes.find(word);
    if (!number) {
      SmallVector<StringRef> names;
      for (const auto &[name, number] : sizes.numbers)
        names.push_back(name);
      auto diag = sizes.places.error(inside(node, start))
                  << runtime::inQuotes(word) << " is no size";
      if (StringRef guess = nearestName(word, names); !guess.empty())
        diag << ", did you mean '" << guess << "'?";
      return std::nullopt;
    }
    number->isUsed = true;
    if (number->value)
      return number->value;
    if (!number->size) {
      sizes.places.error(inside(node, start))
          << "the network is made of " << word << ", which is not set";
      return std::nullopt;
    }
    if (number->isBeingRead) {
      sizes.places.error(number->size->loc)
          << "sizes." << word << " must not be made of itself";
      return std::nullopt;
    }
    number->isBeingRead = true;
    number->value = sizes.evaluate(*number->size);
    number->isBeingRead = false;
    return number->value;
  }

  Sizes &sizes;
  const YamlNode &node;
  StringRef text;
  size_t at = 0;
  unsigned depth = 0;
};

Sizes::Sizes(const Spec &spec, const YamlNode *own, const Places &places)
    : places(places) {
  auto add = [&](StringRef name, const Located<int64_t> &number) {
    this->name(name, number.value, number.loc, number.value != 0);
  };
  add("depth", spec.depth);
  add("width", spec.width);
  add("heads", spec.heads);
  add("patch_size", spec.patchSize);
  add("classes", spec.classes);
  name("mlp_ratio", spec.mlpRatio, spec.mlpRatio.loc);
  name("null_class", spec.labelDropout > 0, spec.labelDropout.loc);
  add("latent.channels", spec.latent.channels);
  add("latent.height", spec.latent.height);
  add("latent.width", spec.latent.width);
  add("position_grid.height", spec.positionGrid.height);
  add("position_grid.width", spec.positionGrid.width);
  add("timestep.frequencies", spec.timestep.frequencies);
  name("timestep.max_period", spec.timestep.maxPeriod,
       spec.timestep.maxPeriod.loc);
  add("diffusion.steps", spec.diffusion.steps);
  name("norm.eps", spec.norm.eps, spec.norm.eps.loc);
  name("norm.mlp_eps",
       spec.norm.mlpEps.isWritten() ? spec.norm.mlpEps : spec.norm.eps,
       places.written(spec.norm.mlpEps.loc) ? spec.norm.mlpEps.loc
                                            : spec.norm.eps.loc);
  name("rotary.theta", spec.rotary.theta, spec.rotary.theta.loc);
  if (!own)
    return;
  for (const YamlEntry &entry : own->entries)
    numbers.push_back(
        {entry.key,
         {std::nullopt, entry.value.loc, &entry.value, entry.keyLoc}});
}

void Sizes::name(StringRef name, double value, LocationAttr loc, bool isKnown) {
  Number number;
  if (isKnown)
    number.value = value;
  number.loc = loc;
  numbers.push_back({name.str(), number});
}

Sizes::Number *Sizes::find(StringRef name) {
  for (auto &[key, number] : numbers)
    if (key == name)
      return &number;
  return nullptr;
}

std::optional<double> Sizes::evaluate(const YamlNode &node) {
  if (node.kind == YamlNode::Scalar)
    return Parser(*this, node).parse();
  places.error(node.loc) << "a size must be an integer or an expression, but "
                            "found "
                         << describe(node);
  return std::nullopt;
}

std::optional<int64_t> Sizes::whole(const YamlNode &node, StringRef what,
                                    int64_t min) {
  auto value = evaluate(node);
  if (!value)
    return std::nullopt;
  double whole = std::floor(*value);
  if (whole >= min && whole <= kLargest)
    return static_cast<int64_t>(whole);
  auto diag = places.error(node.loc)
              << what << " must be from " << min << " to " << kLargest
              << ", but " << node.text << " is ";
  if (std::abs(whole) < 1e15)
    diag << static_cast<int64_t>(whole);
  else
    diag << "beyond it";
  return std::nullopt;
}

std::optional<double> Sizes::number(const YamlNode &node, StringRef what) {
  double value;
  StringRef text = node.text;
  if (node.kind == YamlNode::Scalar && !text.empty() &&
      !llvm::isAlpha(text.front())) {
    auto [end, error] = std::from_chars(text.begin(), text.end(), value);
    if (error == std::errc() && end == text.end() && value > 0)
      return value;
    places.error(node.loc) << what << " must be greater than 0, but found "
                           << runtime::inQuotes(text);
    return std::nullopt;
  }
  return evaluate(node);
}

LocationAttr Sizes::governing(const YamlNode &node) {
  if (LocationAttr loc = places.written(node.loc))
    return loc;
  StringRef text = node.text;
  while (!text.empty()) {
    text = text.drop_until(llvm::isAlpha);
    StringRef word = text.take_while(isName);
    text = text.drop_front(word.size());
    Number *number = find(word);
    if (!number)
      continue;
    if (LocationAttr loc = places.written(number->loc))
      return loc;
    if (number->size)
      if (LocationAttr loc = governing(*number->size))
        return loc;
  }
  return {};
}

bool Sizes::checkAllUsed() {
  bool allUsed = true;
  for (const auto &[name, number] : numbers)
    if (number.size && !number.isUsed && !places.isDesigns(number.keyLoc)) {
      places.error(number.keyLoc) << name << " is a size that nothing reads";
      allUsed = false;
    }
  return allUsed;
}
