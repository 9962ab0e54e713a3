// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/network/Import.h"

#include "compiler/MappingReader.h"
#include "runtime/ConfigExpression.h"
#include "runtime/Error.h"
#include "runtime/Json.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace dit;
using nlohmann::json;
using runtime::evaluateConfig;

namespace {

/// Keys that are not what an import makes.
bool isOwnKey(StringRef key) {
  return key == "class" || key == "must" || key == "set";
}

class Checker {
public:
  explicit Checker(const Places &places) : places(places) {}

  bool check(const YamlNode &import) {
    if (!must(import, YamlNode::Mapping, "import"))
      return false;
    const YamlNode *classes = import.at("class");
    if (!classes)
      error(import.loc) << "import needs 'class', which has no default";
    else
      eachOf(*classes, [&](const YamlNode &name) {
        must(name, YamlNode::Scalar, "class");
      });
    for (const YamlEntry &entry : import.entries)
      if (entry.key == "must")
        checkMust(entry.value);
      else if (entry.key == "set")
        must(entry.value, YamlNode::Mapping, "set");
      else if (!isOwnKey(entry.key))
        checkRule(entry);
    return !hasFailed;
  }

private:
  InFlightDiagnostic error(LocationAttr loc) {
    hasFailed = true;
    return places.error(loc);
  }
  bool must(const YamlNode &node, YamlNode::Kind kind,
            const llvm::Twine &what) {
    if (node.kind != kind)
      error(node.loc) << what << " must be "
                      << (kind == YamlNode::Scalar ? "one value" : "a mapping")
                      << ", but found " << describe(node);
    return node.kind == kind;
  }
  void eachOf(const YamlNode &node,
              llvm::function_ref<void(const YamlNode &)> what) {
    if (node.kind != YamlNode::Sequence)
      return what(node);
    for (const YamlEntry &item : node.entries)
      what(item.value);
  }
  void expression(StringRef text, LocationAttr loc) {
    try {
      evaluateConfig(text.str(), [](const auto &) { return nullptr; });
    } catch (const runtime::Error &mistake) {
      error(loc) << mistake.what();
    }
  }
  void checkMust(const YamlNode &node) {
    if (must(node, YamlNode::Mapping, "must"))
      for (const YamlEntry &entry : node.entries)
        eachOf(entry.value, [&](const YamlNode &value) {
          bool isNull = value.kind == YamlNode::Null;
          if (!isNull && must(value, YamlNode::Scalar, "must." + entry.key) &&
              !value.quoted)
            expression(value.text, value.loc);
        });
  }
  void checkRule(const YamlEntry &entry) {
    const YamlNode &rule = entry.value;
    if (rule.kind == YamlNode::Scalar)
      return expression(rule.text, rule.loc);
    if (!must(rule, YamlNode::Mapping, "import." + entry.key))
      return;
    const YamlNode *of = rule.at("of"), *is = rule.at("is");
    if (!of || !is || rule.entries.size() != 2) {
      error(rule.loc) << "import." << entry.key
                      << " must be an expression, or {of: EXPRESSION, is: "
                         "{VALUE: WORD}}";
      return;
    }
    if (must(*of, YamlNode::Scalar, "of"))
      expression(of->text, of->loc);
    if (must(*is, YamlNode::Mapping, "is"))
      for (const YamlEntry &choice : is->entries)
        if (expression(choice.key, choice.keyLoc);
            must(choice.value, YamlNode::Scalar, "is"))
          continue;
  }

  const Places &places;
  bool hasFailed = false;
};

/// A value that a `must` or an `is` allows, as names say: a word that is none
/// of them is itself.
json allowed(StringRef text, bool quoted, const runtime::ConfigNames &names) {
  if (quoted || (runtime::isConfigName(text.str()) && !names(text.str())))
    return text.str();
  return evaluateConfig(text.str(), names);
}

/// One config, read by one import.
class Reading {
public:
  Reading(const YamlNode &import, const json &config)
      : import(import), config(config) {}

  YamlNode spec() {
    for (const YamlEntry &entry : import.entries)
      if (!isOwnKey(entry.key))
        attempt([&] { add(entry.key, entry.value); });
    if (const YamlNode *must = import.at("must"))
      for (const YamlEntry &entry : must->entries)
        attempt([&] { check(entry); });
    if (!errors.empty())
      throw runtime::Error(std::move(errors));
    if (const YamlNode *set = import.at("set"))
      made = mergeYaml(made, *set);
    return std::move(made);
  }

private:
  void attempt(llvm::function_ref<void()> what) {
    try {
      what();
    } catch (const runtime::Error &error) {
      for (const std::string &sentence : error.sentences())
        if (!llvm::is_contained(errors, sentence))
          errors.push_back(sentence);
    }
  }
  const json *find(const std::string &name) const {
    auto found = config.find(name);
    return found == config.end() ? nullptr : &*found;
  }
  runtime::ConfigNames names() const {
    return [this](const std::string &name) -> const json * {
      if (const json *found = find(name))
        return found;
      auto own = values.find(name); // the spec's, as far as it is made
      return own == values.end() ? nullptr : &own->second;
    };
  }

  void add(StringRef key, const YamlNode &rule) {
    if (rule.kind == YamlNode::Scalar)
      return put(key, needed(rule.text));
    const YamlNode &choices = *rule.at("is");
    json of = evaluateConfig(rule.at("of")->text, names());
    std::string shown;
    for (const YamlEntry &choice : choices.entries) {
      json value = allowed(choice.key, /*quoted=*/false, names());
      if (value == of)
        return put(key, json(choice.value.text));
      shown += (shown.empty() ? "" : " or ") + describe(choice.key, value);
    }
    if (!of.is_null()) // or the spec's own default holds
      runtime::fail("{} must be {}, but is {}", nameOf(rule.at("of")->text),
                    shown, runtime::shown(of));
  }

  /// `in_channels (4)`, `"gelu"`
  static std::string describe(StringRef text, const json &value) {
    std::string shown = runtime::shown(value);
    bool isNumber =
        !text.empty() && llvm::isDigit(text.front()) && !text.contains(' ');
    return value.is_string() || value.is_null() || shown == text || isNumber
               ? shown
               : text.str() + " (" + shown + ")";
  }
  static std::string nameOf(const std::string &expression) {
    return runtime::isConfigName(expression)
               ? "the config key '" + expression + "'"
               : "'" + expression + "' of the config";
  }

  json needed(const std::string &expression) {
    std::string missing;
    json value = evaluateConfig(
        expression, [&](const std::string &name) -> const json * {
          const json *found = find(name);
          if ((!found || found->is_null()) && missing.empty())
            missing = name;
          if (found && found->is_number() && !(*found > 0))
            runtime::fail("{} must be greater than 0, but is {}", nameOf(name),
                          runtime::shown(*found));
          return found;
        });
    if (!missing.empty())
      runtime::fail("{} is missing", nameOf(missing));
    return value;
  }

  void check(const YamlEntry &rule) {
    const json *found = find(rule.key);
    if (!found) // as the class has it by default
      return;
    YamlNode list = YamlNode::make(YamlNode::Sequence);
    if (rule.value.kind == YamlNode::Sequence)
      list = rule.value;
    else
      list.add("", rule.value);
    std::string shown;
    for (const YamlEntry &item : list.entries) {
      json value;
      if (item.value.kind != YamlNode::Null)
        value = allowed(item.value.text, item.value.quoted, names());
      if (value == *found)
        return;
      shown += (shown.empty() ? "" : " or ") + describe(item.value.text, value);
    }
    runtime::fail("{} must be {}, but is {}", nameOf(rule.key), shown,
                  runtime::shown(*found));
  }

  static YamlNode nodeOf(const json &value) {
    if (!value.is_array()) {
      std::string text =
          value.is_string() ? value.get<std::string>() : value.dump();
      return YamlNode::scalar(text);
    }
    YamlNode list = YamlNode::make(YamlNode::Sequence);
    for (const json &item : value)
      list.add("", nodeOf(item));
    return list;
  }

  /// `latent.height` in the spec.
  void put(StringRef path, json value) {
    SmallVector<StringRef> keys;
    path.split(keys, '.');
    YamlNode node = nodeOf(value);
    for (StringRef key : llvm::reverse(keys)) {
      YamlNode outer = YamlNode::make(YamlNode::Mapping);
      outer.add(key, std::move(node));
      node = std::move(outer);
    }
    made = mergeYaml(made, node);
    values[path.str()] = std::move(value);
  }

  const YamlNode &import;
  const json &config;
  YamlNode made = YamlNode::make(YamlNode::Mapping);
  std::map<std::string, json> values;
  std::vector<std::string> errors;
};

/// A spec's text as the value that a config would have; null for a size that is
/// an expression, or what is no scalar.
json valueOf(const YamlNode *node) {
  if (!node || node->kind != YamlNode::Scalar)
    return nullptr;
  if (runtime::isConfigName(node->text))
    return node->text;
  json value = json::parse(node->text, nullptr, /*allow_exceptions=*/false);
  return value.is_discarded() ? json() : value;
}

} // namespace

LogicalResult dit::checkImport(const YamlNode &import, const Places &places) {
  return success(Checker(places).check(import));
}

bool dit::isOfClass(const YamlNode &import, StringRef className) {
  const YamlNode &classes = *import.at("class");
  return classes.is(className) ||
         llvm::any_of(classes.entries, [&](const YamlEntry &entry) {
           return entry.value.is(className);
         });
}

YamlNode dit::importConfig(const YamlNode &import, const json &config) {
  return Reading(import, config).spec();
}

std::vector<runtime::ConfigEntry> dit::configOf(const Spec &spec) {
  std::vector<runtime::ConfigEntry> config;
  const YamlNode *import = spec.network ? spec.network->at("import") : nullptr;
  if (!import)
    return config;
  YamlNode written = writeOutMapping(spec);
  // What a key of the config is where a rule is that key alone.
  std::map<std::string, json> known;
  for (const YamlEntry &rule : import->entries)
    if (!isOwnKey(rule.key) && rule.value.kind == YamlNode::Scalar &&
        runtime::isConfigName(rule.value.text))
      known[rule.value.text] = valueOf(written.at(rule.key));
  auto names = [&](const std::string &name) -> const json * {
    auto found = known.find(name);
    return found == known.end() ? nullptr : &found->second;
  };
  for (const YamlEntry &rule : import->entries) {
    const YamlNode *node = isOwnKey(rule.key) ? nullptr : written.at(rule.key);
    if (!node || node->kind != YamlNode::Scalar)
      continue;
    std::string expression = rule.value.text;
    json value = valueOf(node);
    if (rule.value.kind == YamlNode::Mapping) {
      expression = rule.value.at("of")->text;
      value = nullptr;
      for (const YamlEntry &choice : rule.value.at("is")->entries)
        if (choice.value.text == node->text && value.is_null())
          value = allowed(choice.key, /*quoted=*/false, names);
    }
    if (!value.is_null())
      config.push_back({expression, value.dump(), rule.key + " " + node->text});
  }
  // One key that two of the spec are made of, which differ: a side of x, say.
  llvm::erase_if(config, [all = config](const runtime::ConfigEntry &entry) {
    return llvm::any_of(all, [&](const runtime::ConfigEntry &other) {
      return other.key == entry.key && other.value != entry.value;
    });
  });
  // Not a contradiction, but another reading of the same weights.
  if (const YamlNode *set = import->at("set"))
    for (const YamlEntry &entry : set->entries)
      if (const YamlNode *node = written.at(entry.key);
          node && node->kind == YamlNode::Scalar &&
          node->text != entry.value.text)
        config.push_back({"_class_name", "null", entry.key + " " + node->text});
  return config;
}
