// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Strict JSON: nlohmann's parser with a callback that sees duplicates and
// depth, and typed reads that name what they did not find.
#include "runtime/Json.h"

#include "runtime/Error.h"

#include <fmt/ranges.h>

#include <cmath>
#include <set>

namespace dit::runtime {

using nlohmann::json;

json parseJson(std::string_view text, std::string_view what) {
  constexpr int deepest = 12;
  std::vector<std::set<std::string>> keys;
  auto watch = [&](int depth, json::parse_event_t event, json &parsed) {
    switch (event) {
    case json::parse_event_t::object_start:
    case json::parse_event_t::array_start:
      if (depth >= deepest)
        fail("{} is nested deeper than {} levels", what, deepest);
      if (event == json::parse_event_t::object_start)
        keys.emplace_back();
      break;
    case json::parse_event_t::object_end:
      keys.pop_back();
      break;
    case json::parse_event_t::key: {
      const auto &key = parsed.get_ref<const std::string &>();
      if (!keys.back().insert(key).second)
        fail("{} has the key {} twice", what, inQuotes(key));
      break;
    }
    default:
      break;
    }
    return true;
  };
  try {
    return json::parse(text.begin(), text.end(), watch);
  } catch (const json::parse_error &e) {
    fail("{} is not valid JSON at byte {}", what, e.byte);
  } catch (const json::exception &) {
    fail("{} is not valid JSON: a number is out of range", what);
  }
}

std::string shown(const json &value) {
  std::string text = value.dump(-1, ' ', /*ensure_ascii=*/true,
                                json::error_handler_t::replace);
  if (text.size() > 60)
    text = text.substr(0, 57) + "...";
  return text;
}

JsonReader::JsonReader(const json &value, std::string path)
    : value(&value), path(std::move(path)) {
  if (!value.is_object())
    fail("{} must be an object, but is {}", this->path, shown(value));
}

std::string JsonReader::name(std::string_view key) const {
  // "manifest key 'memory'" + "state_bytes" -> "manifest key
  // 'memory.state_bytes'".
  if (!path.empty() && path.back() == '\'')
    return fmt::format("{}.{}'", path.substr(0, path.size() - 1), key);
  return fmt::format("{} key '{}'", path, key);
}

const json &JsonReader::at(const char *key) const {
  auto it = value->find(key);
  if (it == value->end())
    fail("{} is missing", name(key));
  return *it;
}

bool JsonReader::has(const char *key) const { return value->contains(key); }

std::string JsonReader::string(const char *key) const {
  const json &v = at(key);
  if (!v.is_string())
    fail("{} must be a string, but is {}", name(key), shown(v));
  return v.get<std::string>();
}

std::string JsonReader::choice(const char *key,
                               std::vector<std::string_view> choices) const {
  std::string found = string(key);
  for (std::string_view c : choices)
    if (found == c)
      return found;
  fail("{} must be one of {}, but is {}", name(key), fmt::join(choices, ", "),
       inQuotes(found));
}

bool JsonReader::boolean(const char *key) const {
  const json &v = at(key);
  if (!v.is_boolean())
    fail("{} must be true or false, but is {}", name(key), shown(v));
  return v.get<bool>();
}

/// `v` as an integer in [low, high].
static int64_t toInteger(const json &v, const std::string &name, int64_t low,
                         int64_t high) {
  bool fits = v.is_number_unsigned()
                  ? v.get<uint64_t>() <= static_cast<uint64_t>(INT64_MAX)
                  : v.is_number_integer();
  if (fits) {
    int64_t i = v.get<int64_t>();
    if (i >= low && i <= high)
      return i;
  }
  fail("{} must be an integer from {} to {}, but is {}", name, low, high,
       shown(v));
}

int64_t JsonReader::integer(const char *key, int64_t low, int64_t high) const {
  return toInteger(at(key), name(key), low, high);
}

double JsonReader::number(const char *key, double low, double high) const {
  const json &v = at(key);
  double d = v.is_number() ? v.get<double>() : NAN;
  if (!(d >= low && d <= high))
    fail("{} must be a number from {} to {}, but is {}", name(key), low, high,
         shown(v));
  return d;
}

JsonReader JsonReader::object(const char *key) const {
  return JsonReader(at(key), name(key));
}

/// "manifest key 'input'" and 2 -> "manifest key 'input[2]'".
static std::string elementName(const std::string &array, size_t index) {
  if (array.back() == '\'')
    return fmt::format("{}[{}]'", array.substr(0, array.size() - 1), index);
  return fmt::format("{}[{}]", array, index);
}

/// The member as an array.
static const json &array(const JsonReader &reader, const char *key) {
  const json &v = reader.at(key);
  if (!v.is_array())
    fail("{} must be an array, but is {}", reader.name(key), shown(v));
  return v;
}

std::vector<JsonReader> JsonReader::objects(const char *key) const {
  std::vector<JsonReader> result;
  size_t i = 0;
  for (const json &v : array(*this, key))
    result.emplace_back(v, name(fmt::format("{}[{}]", key, i++)));
  return result;
}

std::vector<std::string> JsonReader::strings(const char *key) const {
  std::vector<std::string> result;
  for (const json &v : array(*this, key)) {
    if (!v.is_string())
      fail("{} must hold strings, but holds {}", name(key), shown(v));
    result.push_back(v.get<std::string>());
  }
  return result;
}

/// `v` as an array of integers in [low, high].
static std::vector<int64_t> toIntegers(const json &v, const std::string &name,
                                       int64_t low, int64_t high) {
  if (!v.is_array())
    fail("{} must be an array, but is {}", name, shown(v));
  std::vector<int64_t> result;
  for (const json &element : v)
    result.push_back(
        toInteger(element, elementName(name, result.size()), low, high));
  return result;
}

std::vector<int64_t> JsonReader::integers(const char *key, int64_t low,
                                          int64_t high) const {
  return toIntegers(at(key), name(key), low, high);
}

std::vector<std::vector<int64_t>>
JsonReader::integerLists(const char *key, int64_t low, int64_t high) const {
  std::vector<std::vector<int64_t>> result;
  for (const json &list : array(*this, key))
    result.push_back(
        toIntegers(list, elementName(name(key), result.size()), low, high));
  return result;
}

} // namespace dit::runtime
