// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rules are tried from the top. `.*` ends the names of a rule for .weight and
// for .bias; {i} stands for digits, {word} for any text; a pattern that ends in
// a dot is replaced where a name begins with it, and the rules below go on.
#include "compiler/network/Layouts.h"

#include "compiler/MappingReader.h"
#include "mlir/IR/Location.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace dit;
using runtime::inQuotes;
using runtime::LayoutExpression;

namespace {

using Captures = llvm::StringMap<std::string>;

/// How much of `name` the pattern takes, all of it but where `isBeginning`.
std::optional<size_t> match(StringRef pattern, StringRef name, bool isBeginning,
                            Captures &captures) {
  size_t brace = pattern.find('{');
  if (!name.consume_front(pattern.take_front(brace)))
    return std::nullopt;
  if (brace == StringRef::npos)
    return isBeginning || name.empty() ? std::optional(pattern.size())
                                       : std::nullopt;
  auto [word, rest] = pattern.drop_front(brace + 1).split('}');
  for (size_t size = 1; size <= name.size(); ++size) {
    StringRef taken = name.take_front(size);
    if (word == "i" && !llvm::all_of(taken, llvm::isDigit))
      return std::nullopt;
    auto behind = match(rest, name.drop_front(size), isBeginning, captures);
    if (!behind ||
        (word == "i" && size < name.size() && llvm::isDigit(name[size])))
      continue;
    captures[word] = taken.str();
    return brace + size + *behind;
  }
  return std::nullopt;
}

struct Rule {
  const YamlEntry *entry;
  std::string pattern;
  StringRef last; ///< "weight" or "bias" in place of the names' last *
  LayoutExpression expression;
  bool isBeginning = false;
};

/// One layout.
class Rules {
public:
  Rules(const Spec &spec, const YamlEntry &layout, Sizes &sizes)
      : spec(spec), layout(layout), sizes(sizes) {
    for (const YamlEntry &entry : layout.value.entries)
      if (!add(entry))
        used.insert(&entry); // the mistake in it is said
  }

  runtime::Layout resolve(ArrayRef<std::string> weights) {
    runtime::Layout resolved{layout.key, {}};
    for (const std::string &weight : weights) {
      LayoutExpression e = resolve(weight);
      if (e.kind != LayoutExpression::Kind::Name || e.name != weight)
        resolved.weights.push_back({weight, e.text()});
    }
    return resolved;
  }

  bool isUsed(const YamlEntry &rule) const { return used.contains(&rule); }
  bool failed() const { return hasFailed; }

  /// Diagnoses the user's rule that no weight has a use for.
  void diagnoseUnused(const YamlEntry &entry, ArrayRef<std::string> weights) {
    SmallVector<std::string> names;
    for (const std::string &weight : weights) {
      Captures captures;
      for (const Rule &rule : rules)
        if (rule.entry == &entry &&
            match(rule.pattern, weight, rule.isBeginning, captures)) {
          error(entry.keyLoc) << "the rules above are for everything that is "
                                 "called "
                              << entry.key;
          return;
        }
      names.push_back(likePattern(weight, entry.key));
    }
    auto diag = error(entry.keyLoc)
                << "no weight is called " << inQuotes(entry.key);
    SmallVector<StringRef> candidates(names.begin(), names.end());
    if (StringRef guess = nearestName(entry.key, candidates); !guess.empty())
      diag << ", did you mean '" << guess << "'?";
  }

private:
  InFlightDiagnostic error(LocationAttr loc) {
    hasFailed = true;
    return spec.places.error(loc);
  }

  /// The weight's name as a pattern such as `pattern` has it.
  static std::string likePattern(StringRef weight, StringRef pattern) {
    std::string name;
    SmallVector<StringRef> words;
    weight.split(words, '.');
    for (auto [i, word] : llvm::enumerate(words)) {
      bool isNumber = llvm::all_of(word, llvm::isDigit);
      bool isLast = i + 1 == words.size() && pattern.ends_with(".*") &&
                    (word == "weight" || word == "bias");
      name += i > 0 ? "." : "";
      name += isLast                                ? "*"
              : isNumber && pattern.contains("{i}") ? "{i}"
                                                    : word.str();
    }
    return name;
  }

  bool add(const YamlEntry &entry) {
    StringRef pattern = entry.key;
    auto expression = readLayout(entry.value, spec.places);
    if (!expression) { // diagnosed when the network was read, too
      hasFailed = true;
      return false;
    }
    if (pattern.count('{') != pattern.count('}')) {
      error(entry.keyLoc) << inQuotes(pattern) << " lacks a brace";
      return false;
    }
    bool isBeginning = pattern.ends_with("."),
         isOfBoth = pattern.ends_with(".*");
    if (isBeginning && expression->kind != LayoutExpression::Kind::Name) {
      error(entry.value.loc) << "the beginning of names is replaced by another "
                                "one, but found "
                             << inQuotes(entry.value.text);
      return false;
    }
    bool isLike = true;
    expression->visitNames(
        [&](StringRef name) { isLike &= name.ends_with(".*") == isOfBoth; });
    if (!isLike) {
      error(entry.value.loc)
          << "names must end in .* where their pattern does, and only there: "
          << inQuotes(pattern);
      return false;
    }
    if (!isOfBoth) {
      rules.push_back({&entry, pattern.str(), "", *expression, isBeginning});
      return true;
    }
    for (StringRef last : {"weight", "bias"})
      rules.push_back({&entry, (pattern.drop_back() + last).str(), last,
                       *expression, false});
    return true;
  }

  LayoutExpression resolve(const std::string &weight) {
    std::string name = weight;
    for (const Rule &rule : rules) {
      Captures captures;
      auto length = match(rule.pattern, name, rule.isBeginning, captures);
      if (!length)
        continue;
      used.insert(rule.entry);
      LayoutExpression e = rule.expression;
      fill(e, rule, captures);
      if (!rule.isBeginning)
        return e;
      name = e.name + name.substr(*length);
    }
    return LayoutExpression::tensor(name);
  }

  void fill(LayoutExpression &e, const Rule &rule, const Captures &captures) {
    for (LayoutExpression &operand : e.operands)
      fill(operand, rule, captures);
    if (e.kind == LayoutExpression::Kind::Rows) {
      e.from = number(e.from, rule);
      e.to = number(e.to, rule);
    }
    if (e.kind != LayoutExpression::Kind::Name)
      return;
    StringRef rest = e.name;
    std::string name;
    if (!rule.last.empty())
      rest = rest.drop_back();
    while (!rest.empty()) {
      auto [text, behind] = rest.split('{');
      name += text;
      if (text.size() == rest.size())
        break;
      auto [word, after] = behind.split('}');
      auto captured = captures.find(word);
      name +=
          captured == captures.end() ? number(word, rule) : captured->second;
      rest = after;
    }
    e.name = name + rule.last.str();
  }

  /// The number that a size is.
  std::string number(StringRef text, const Rule &rule) {
    YamlNode node = YamlNode::scalar(text, rule.entry->value.loc);
    size_t at = StringRef(rule.entry->value.text).find(text);
    if (auto place = dyn_cast_if_present<FileLineColLoc>(node.loc))
      node.loc = FileLineColLoc::get(place.getFilename(), place.getLine(),
                                     place.getColumn() + at +
                                         rule.entry->value.quoted);
    auto value = sizes.whole(node, "a number of a layout", 0);
    hasFailed |= !value;
    return std::to_string(value.value_or(0));
  }

  const Spec &spec;
  const YamlEntry &layout;
  Sizes &sizes;
  std::vector<Rule> rules;
  llvm::SmallPtrSet<const YamlEntry *, 16> used;
  bool hasFailed = false;
};

} // namespace

std::optional<LayoutExpression> dit::readLayout(const YamlNode &node,
                                                const Places &places) {
  try {
    return runtime::parseLayoutExpression(node.text);
  } catch (const runtime::LayoutError &mistake) {
    LocationAttr loc = node.loc;
    if (auto place = dyn_cast_if_present<FileLineColLoc>(loc))
      loc = FileLineColLoc::get(place.getFilename(), place.getLine(),
                                place.getColumn() + mistake.at + node.quoted);
    places.error(loc) << mistake.what();
    return std::nullopt;
  }
}

LogicalResult dit::resolveLayouts(Spec &spec, Sizes &sizes) {
  spec.layouts.clear();
  const YamlNode *section = spec.network->at("weights");
  if (!section)
    return success();
  SmallVector<std::string> names;
  for (const auto &[name, shape] : spec.weights)
    names.push_back(name);
  llvm::append_range(names, spec.computedWeights);
  if (const YamlNode *inputs = spec.network->at("inputs"))
    for (const YamlEntry &entry : inputs->entries)
      if (const YamlNode *null = entry.value.at("null_value");
          null && !null->is("zeros") && !llvm::is_contained(names, null->text))
        names.push_back(null->text);
  bool hasFailed = false;
  YamlNode kept = YamlNode::make(YamlNode::Mapping, section->loc);
  for (const YamlEntry &layout : section->entries) {
    Rules rules(spec, layout, sizes);
    runtime::Layout resolved = rules.resolve(names);
    YamlEntry used = layout;
    used.value.entries.clear();
    for (const YamlEntry &entry : layout.value.entries)
      if (rules.isUsed(entry))
        used.value.entries.push_back(entry);
      else if (!spec.places.isDesigns(entry.keyLoc))
        rules.diagnoseUnused(entry, names);
    hasFailed |= rules.failed();
    if (resolved.weights.empty())
      continue;
    spec.layouts.push_back(std::move(resolved));
    kept.entries.push_back(std::move(used));
  }
  YamlNode network = *spec.network;
  for (YamlEntry &entry : network.entries)
    if (entry.key == "weights")
      entry.value = kept;
  if (kept.entries.empty())
    llvm::erase_if(network.entries, [](const YamlEntry &entry) {
      return entry.key == "weights";
    });
  spec.network = std::make_shared<YamlNode>(std::move(network));
  return success(!hasFailed);
}
