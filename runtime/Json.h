// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JSON that came from a file, read strictly: duplicate keys, deep nesting,
// wrong types and values out of range are refused by name.
#ifndef DIT_RUNTIME_JSON_H
#define DIT_RUNTIME_JSON_H

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dit::runtime {

/// The JSON value in `text`. Throws an Error that begins with `what` ("the
/// header") for a syntax error, invalid UTF-8, a duplicate key or more than
/// twelve levels.
nlohmann::json parseJson(std::string_view text, std::string_view what);

/// Reads the members of one JSON object. Every read throws an Error naming the
/// member's whole path when it is missing, of another type or out of range.
class JsonReader {
public:
  /// `path` is what errors call the object: "manifest key 'memory'".
  JsonReader(const nlohmann::json &value, std::string path);

  bool has(const char *key) const;
  std::string string(const char *key) const;
  /// One of `choices`.
  std::string choice(const char *key,
                     std::vector<std::string_view> choices) const;
  bool boolean(const char *key) const;
  int64_t integer(const char *key, int64_t low, int64_t high) const;
  double number(const char *key, double low, double high) const;
  JsonReader object(const char *key) const;
  std::vector<JsonReader> objects(const char *key) const;
  std::vector<std::string> strings(const char *key) const;
  std::vector<int64_t> integers(const char *key, int64_t low,
                                int64_t high) const;
  /// An array of arrays of integers.
  std::vector<std::vector<int64_t>> integerLists(const char *key, int64_t low,
                                                 int64_t high) const;
  /// The member as it is; throws when it is missing.
  const nlohmann::json &at(const char *key) const;
  /// "manifest key 'memory.scratch_bytes'".
  std::string name(std::string_view key) const;
  /// The object's own: "manifest key 'memory'".
  const std::string &name() const { return path; }

private:
  const nlohmann::json *value;
  std::string path;
};

/// A value as an error shows it: its JSON text, cut at 60 bytes.
std::string shown(const nlohmann::json &value);

} // namespace dit::runtime

#endif // DIT_RUNTIME_JSON_H
