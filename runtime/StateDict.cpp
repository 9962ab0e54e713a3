// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The names of training scripts in one list, in the order of preference.
#include "runtime/StateDict.h"

#include "runtime/Error.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace dit::runtime {
namespace {

using Kind = PickleValue::Kind;

/// Averages first: they draw the better samples.
constexpr const char *kNames[] = {
    "ema",    "model_ema",  "ema_state_dict",   "ema_model", "model",
    "module", "state_dict", "model_state_dict", "params",    "net"};

int64_t countTensors(const PickleValue &dict) {
  int64_t count = 0;
  if (dict.is(Kind::Dict))
    for (size_t i = 0; i + 1 < dict.items.size(); i += 2)
      count +=
          dict.items[i]->is(Kind::Text) && dict.items[i + 1]->is(Kind::Call);
  return count;
}

/// The members of a dict that are dicts of tensors.
std::vector<std::string> keysOfTensors(const PickleValue &dict) {
  std::vector<std::string> keys;
  if (dict.is(Kind::Dict))
    for (size_t i = 0; i + 1 < dict.items.size(); i += 2)
      if (dict.items[i]->is(Kind::Text) && dict.items[i + 1]->is(Kind::Dict) &&
          countTensors(*dict.items[i + 1]) > 0)
        keys.emplace_back(dict.items[i]->text);
  return keys;
}

/// "'ema' (31 tensors), 'epoch'": what is in a dict.
std::string listKeys(const PickleValue &dict) {
  constexpr size_t most = 8;
  std::vector<std::string> keys;
  size_t count = 0;
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    if (!dict.items[i]->is(Kind::Text) || ++count > most)
      continue;
    keys.push_back(inQuotes(dict.items[i]->text));
    if (int64_t tensors = countTensors(*dict.items[i + 1]))
      keys.back() += fmt::format(" ({} tensors)", tensors);
  }
  if (count > most)
    keys.push_back(fmt::format("and {} more", count - most));
  return keys.empty() ? "nothing" : fmt::format("{}", fmt::join(keys, ", "));
}

/// The member of one of the known names, or the only one of tensors.
const PickleValue *memberOf(const PickleValue &dict, std::string &key) {
  for (const char *name : kNames)
    if (const PickleValue *found = dict.get(name);
        found && countTensors(*found) > 0) {
      key = name;
      return found;
    }
  std::vector<std::string> keys = keysOfTensors(dict);
  if (keys.size() != 1)
    return nullptr;
  key = keys[0];
  return dict.get(key);
}

/// The dict along a path of keys, as far as there are any.
StateDict follow(const PickleValue &root, const std::string &path) {
  StateDict found{&root, "", path, {}};
  while (!found.rest.empty()) {
    // The whole rest first: keys may have dots.
    size_t end = found.rest.size();
    const PickleValue *next = nullptr;
    while (!(next = found.dict->get(found.rest.substr(0, end))) ||
           !next->is(Kind::Dict)) {
      next = nullptr;
      size_t dot =
          end == 0 ? std::string::npos : found.rest.rfind('.', end - 1);
      if (dot == std::string::npos)
        break;
      end = dot;
    }
    if (!next)
      break;
    found.dict = next;
    found.key += (found.key.empty() ? "" : ".") + found.rest.substr(0, end);
    found.rest.erase(0, std::min(end + 1, found.rest.size()));
  }
  if (!found.rest.empty())
    found.rest += '.';
  return found;
}

bool beginsAName(const StateDict &found) {
  for (size_t i = 0; i + 1 < found.dict->items.size(); i += 2)
    if (found.dict->items[i]->is(Kind::Text) &&
        found.dict->items[i]->text.starts_with(found.rest))
      return true;
  return false;
}

} // namespace

StateDict findStateDict(const PickleValue &root, const std::string &key) {
  if (!root.is(Kind::Dict))
    fail("does not hold a dict of tensors{}",
         root.is(Kind::Call)
             ? ", but an object made by " + inQuotes(root.dottedName())
             : "");
  if (!key.empty()) {
    StateDict found = follow(root, key);
    if (!beginsAName(found))
      fail("has no {}: in it there are {}", inQuotes(key), listKeys(root));
    if (countTensors(*found.dict) == 0)
      if (const PickleValue *inner = memberOf(*found.dict, found.rest)) {
        found.key += "." + found.rest;
        found.rest.clear();
        found.dict = inner;
      }
    return found;
  }
  StateDict result{&root, "", "", {}};
  for (const char *name : kNames) {
    const PickleValue *found = root.get(name);
    if (!found || !found->is(Kind::Dict))
      continue;
    if (countTensors(*found) > 0)
      return {found, name, "", result.passedOver};
    std::string inner;
    if (const PickleValue *below = memberOf(*found, inner))
      return {below, fmt::format("{}.{}", name, inner), "", result.passedOver};
    result.passedOver.push_back(name);
  }
  if (countTensors(root) > 0)
    return result;
  std::vector<std::string> keys = keysOfTensors(root);
  if (keys.empty())
    fail("holds no tensors under a known name, {}: in it there are {}",
         fmt::join(kNames, ", "), listKeys(root));
  if (keys.size() > 1)
    fail("holds tensors under several names, none of them known: name one, as "
         "in FILE#{}; in it there are {}",
         keys[0], listKeys(root));
  result.dict = root.get(keys[0]);
  result.key = keys[0];
  return result;
}

} // namespace dit::runtime
